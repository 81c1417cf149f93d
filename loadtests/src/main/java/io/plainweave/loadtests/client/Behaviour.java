package io.plainweave.loadtests.client;

import java.io.IOException;
import java.time.Duration;

/** What a client does in a phase: something now and then, until it is over. */
interface Behaviour {
  /** Does what is due. */
  void act() throws IOException;

  /** How long nothing is due, unless something happens on a connection. */
  Duration untilNext();

  /** Whether all that the phase asks is done, or nothing of it can be done any more. */
  boolean isOver();

  /** How much of what the phase asks is done. */
  long done();
}
