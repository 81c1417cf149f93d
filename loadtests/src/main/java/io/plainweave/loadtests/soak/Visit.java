package io.plainweave.loadtests.soak;

/**
 * What a client does with a connection. The first byte, where there is one, says what the handler
 * has to do.
 */
enum Visit {
  /** Up to three messages are echoed; then the client finishes first. */
  CLIENT_FINISHES('e', 300),
  /** A reply, and the server finishes first. */
  SERVER_FINISHES('q', 150),
  /** A message is echoed; then the client resets the connection. */
  CLIENT_RESETS('e', 200),
  /** The client resets it before it has said anything. */
  RESET_AT_ONCE('\0', 60),
  /** The client finishes before it has said anything. */
  SAYS_NOTHING('\0', 40),
  /** Five requests with a length in front, sent together. */
  PIPELINED('f', 100),
  /** The client finishes in the middle of a request. */
  TRUNCATES('f', 28),
  /** Messages by an outbox, in a thread of a scope. */
  PUSHED('s', 60),
  /** The server resets it. */
  SERVER_RESETS('a', 39),
  /** The handler fails. */
  HANDLER_FAILS('x', 1),
  /** As the first one, over a Unix-domain socket. */
  UNIX('e', 20),
  /** As the first one, over TLS, with a full handshake. */
  TLS('e', 2);

  private static final Visit[] BY_WEIGHT = byWeight();

  /** What the handler is told. */
  final char code;

  private final int weight;

  Visit(char code, int weight) {
    this.code = code;
    this.weight = weight;
  }

  private static Visit[] byWeight() {
    var all = new Visit[1_000];
    int next = 0;
    for (Visit visit : values()) {
      for (int i = 0; i < visit.weight; i++) {
        all[next++] = visit;
      }
    }
    return all;
  }

  /** That of one connection of a run: by chance, and the same in each run. */
  static Visit of(long number) {
    long mixed = number * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ mixed >>> 32) * 0xD6E8FEB86659FD93L;
    return BY_WEIGHT[(int) ((mixed >>> 33) % BY_WEIGHT.length)];
  }
}
