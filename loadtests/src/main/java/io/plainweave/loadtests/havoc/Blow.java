package io.plainweave.loadtests.havoc;

/** What is done to a server, to its clients, or to what is between them. */
enum Blow {
  INTERRUPT_CLIENT("a client's thread is interrupted"),
  INTERRUPT_HANDLER("a handler is interrupted"),
  END_BY_OPERATOR("a connection is ended in order by LiveConnection.end"),
  RESET_BY_OPERATOR("a connection is reset by LiveConnection.reset"),
  RESET_BY_CLIENT("a client resets its connection anywhere"),
  CUT_BY_CLIENT("a client sends FIN anywhere"),
  KILL_SOCKET("the kernel destroys a socket of either end (ss -K)"),

  RESET_OUTBOUND("a connection to the server itself is reset: of a relay or a pool"),
  SILENT_PEER("a peer says nothing, stops in a message or handshake, or never reads"),
  STOP_CLIENTS("a process with clients is stopped for up to 3 s (SIGSTOP)"),
  KILL_CLIENTS("a process with clients is killed (SIGKILL)"),
  STOP_SERVER("the server is stopped for up to 0.8 s (SIGSTOP)"),
  TAKE_DESCRIPTORS("the server gets no more descriptors for up to 1.5 s (prlimit)"),
  FAIL_ACCEPTS("each second accept fails for a second (strace)"),
  FILL_DISK("the disk of the log and of a trace is full for a second (tmpfs)"),
  MOVE_CLOCK("the wall clock is set by up to two days (libfaketime)"),
  SWAP_CERTIFICATE("the certificate is replaced and reloaded"),
  LOSE_LISTENER("the kernel destroys the listening socket (ss -K)");

  /** What it is, for people. */
  final String text;

  Blow(String text) {
    this.text = text;
  }

  /** Whether it is aimed at one conversation. */
  boolean isAimed() {
    return compareTo(KILL_SOCKET) <= 0;
  }
}
