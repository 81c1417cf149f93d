package io.plainweave.loadtests.models;

import io.plainweave.loadtests.compare.EstablishedLoop;
import io.plainweave.loadtests.compare.LoadResult;

/**
 * What a client has done.
 *
 * @param failure why a connection could not be opened, or load not be made; null if nothing failed
 * @param connected connections that are open
 * @param answered those of them whose first message was answered
 * @param load what was found in the measured time; null if no load was made
 * @param exchanged messages of the load, those of its warm-up and of its end among them
 */
record ClientAnswer(String failure, int connected, int answered, LoadResult load, long exchanged) {
  static ClientAnswer of(OpenConnections open) {
    return new ClientAnswer(open.failure(), open.connected(), open.answered().size(), null, 0);
  }

  ClientAnswer failed(String reason) {
    return new ClientAnswer(reason, connected, answered, null, 0);
  }

  ClientAnswer with(EstablishedLoop.Outcome outcome) {
    return new ClientAnswer(
        outcome.load().failure(), connected, answered, outcome.load(), outcome.exchanged());
  }
}
