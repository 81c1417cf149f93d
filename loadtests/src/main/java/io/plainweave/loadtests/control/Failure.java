package io.plainweave.loadtests.control;

/** The kinds of error a connection can meet; each ends that connection. */
public enum Failure {
  NO_DESCRIPTOR("no descriptor"),
  NO_LOCAL_PORT("no local port"),
  REFUSED("refused"),
  NOT_CONNECTED("not connected"),
  RESET("reset"),
  TIMED_OUT("timed out"),
  WRONG_BYTES("wrong bytes"),
  UNEXPECTED_EOF("unexpected end of stream"),
  NO_EOF("no end of stream at the drain");

  private final String label;

  Failure(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }
}
