package io.plainweave.loadtests.soak;

import java.util.Locale;

/** What a server holds and might lose a little of with each connection. */
enum Quantity {
  DESCRIPTORS("descriptors", 1, 1, 1),
  THREADS("threads", 1, 2, 1),
  HEAP("live heap", 100_000, 256_000, 1_000),
  NATIVE("native memory", 100_000, 1_000_000, 1_000),
  RESIDENT("resident memory", 500_000, 32_000_000, 1_000),
  METASPACE("metaspace", 20_000, 2_000_000, 1_000),
  CLASSES("classes", 5, 50, 1);

  /** As people read it. */
  final String text;

  /** So much in a million connections is none. */
  final double perMillion;

  /** So much in a whole run is none, however short it is: what cannot be told from noise. */
  final double inAll;

  /** By how much it is divided when it is shown. */
  final double unit;

  Quantity(String text, double perMillion, double inAll, double unit) {
    this.text = text;
    this.perMillion = perMillion;
    this.inAll = inAll;
    this.unit = unit;
  }

  /** Its name in the lines of the server. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The growth in so many connections from which on it is a leak, if it is no chance. */
  double tolerated(double connections) {
    return Math.max(inAll, perMillion * connections / 1e6);
  }

  /** How it is shown, with its unit. */
  String shown(double amount) {
    return unit == 1
        ? String.format(Locale.ROOT, "%,.2f", amount)
        : String.format(Locale.ROOT, "%,.1f kB", amount / unit);
  }
}
