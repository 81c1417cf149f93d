package io.plainweave.loadtests.plan;

/**
 * What one connection or message cost where it was measured. A test looks for each quote in its
 * result.
 */
enum Measured {
  RESIDENT_BYTES(
      1_622,
      "B",
      "memory of the server for an idle connection",
      "2026-11-21-guest-million.txt",
      "server RSS      1,622 B a connection"),
  KERNEL_BYTES(
      3_882,
      "B",
      "memory of the kernel for it: half of what both ends took",
      "2026-11-21-guest-million.txt",
      "kernel memory   7,764 B a connection, both ends"),
  MOST_CONNECTIONS(
      1_000_000,
      "",
      "connections of one process",
      "2026-11-21-guest-million.txt",
      "connected       1,000,000"),
  MESSAGE_MICROS(
      12.25,
      "µs",
      "processor time for a message of 64 B and its reply, at half load",
      "2026-11-30-compare-quiet.txt",
      "plainweave        80,300   1.00  80k..80k      12.25"),
  CONNECT_MICROS(
      36.02,
      "µs",
      "processor time for connect, a message, close",
      "2026-11-30-compare-quiet.txt",
      "plainweave        27,389   0.81  25k..29k      36.02"),
  TLS_CONNECT_MICROS(
      1_504.54,
      "µs",
      "the same with a full TLS handshake",
      "2026-11-22-compare-tls.txt",
      "plainweave             609   1.13  354..655    1504.54"),
  START_SECONDS(
      1.74,
      "s",
      "from the start of a process to its first accept",
      "2026-11-21-restart.txt",
      "server 3 listened after 1.74 s");

  private final double value;
  private final String unit;
  private final String what;
  private final String result;
  private final String quote;

  Measured(double value, String unit, String what, String result, String quote) {
    this.value = value;
    this.unit = unit;
    this.what = what;
    this.result = result;
    this.quote = quote;
  }

  double value() {
    return value;
  }

  String unit() {
    return unit;
  }

  String what() {
    return what;
  }

  /** The file in {@code loadtests/results}. */
  String result() {
    return result;
  }

  /** What the file says. */
  String quote() {
    return quote;
  }
}
