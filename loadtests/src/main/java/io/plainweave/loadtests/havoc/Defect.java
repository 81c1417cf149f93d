package io.plainweave.loadtests.havoc;

/** What the server does wrong because it was told to: the run has to find it. */
enum Defect {
  NONE,
  /** One byte of an answer is another. */
  WRONG_BYTE,
  /** A handler does not give a descriptor back. */
  DESCRIPTOR,
  /** A handler does not end. */
  STUCK,
  /** The close of a connection is told twice. */
  TOLD_TWICE
}
