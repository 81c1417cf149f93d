package io.plainweave.loadtests.havoc;

/** What a client does with a connection. */
enum Work {
  ECHO('e'),
  PIPELINED('f'),
  FRAMES('f'),
  PUSHED('p'),
  GROUP('g'),
  RELAYED('r'),
  POOLED('P'),
  TLS_ECHO('e'),
  TLS_FRAMES('f'),
  UNIX_ECHO('e'),
  UNIX_FRAMES('f'),
  UDP('\0');

  /** What the server is told by the first byte. */
  final char code;

  Work(char code) {
    this.code = code;
  }

  /** Whether the server serves it by a connection of its own to itself. */
  boolean isRelayed() {
    return this == RELAYED || this == POOLED;
  }

  boolean isTcp() {
    return this != UDP && this != UNIX_ECHO && this != UNIX_FRAMES;
  }
}
