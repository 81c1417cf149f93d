package io.plainweave.loadtests.control;

import io.plainweave.loadtests.report.Latencies;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** What a child tells the coordinator; one line on the child's stdout. */
public sealed interface Notice {

  /** What the coordinator waits for: a child's start, or the answer to an order. */
  sealed interface Answer extends Notice {}

  /** From a server: it accepts on this port. */
  record Listening(int port) implements Answer {}

  /**
   * From a server: its memory after a garbage collection.
   *
   * @param connections open then
   * @param heap live bytes
   * @param rss resident bytes; empty where the system does not tell
   */
  record Memory(int connections, long heap, OptionalLong rss) implements Answer {}

  /**
   * From a server: its connections.
   *
   * @param open how many are open
   * @param ended how many have ended since its start, by the name of the reason, or of the time
   *     limit
   */
  record Count(int open, Map<String, Long> ended) implements Answer {}

  /**
   * From a server, every second: its memory as it is, garbage included.
   *
   * @param connections open then
   * @param heap bytes
   * @param rss resident bytes; empty where the system does not tell
   */
  record Sample(int connections, long heap, OptionalLong rss) implements Notice {}

  /**
   * From a server: its garbage collector has just stopped it.
   *
   * @param millis for how long
   * @param cause in the collector's words
   */
  record Paused(double millis, String cause) implements Notice {}

  /**
   * From a server: the drain is over.
   *
   * @param complete whether the server had terminated when this was told
   * @param received bytes that the handlers of all its connections have read
   */
  record Drained(boolean complete, Duration took, long received) implements Answer {}

  /**
   * From a client, after {@link Done}: what has become of a load across restarts.
   *
   * @param due messages, each counted once
   * @param sentAgain messages that were sent once more, since the server had ended the connection
   *     without a byte of an answer
   * @param reconnected connections that were opened in place of one that a server had ended
   * @param opened connections that were opened for one message
   */
  record Moved(long due, long sentAgain, long reconnected, long opened) implements Answer {}

  /** From a client: it is up and takes orders. */
  record Ready() implements Answer {}

  /** From a broker: what everybody is to get is published. */
  record Published() implements Answer {}

  /** From a client: from now on it takes what is published. */
  record PublishExpected() implements Answer {}

  /** From a client: from now on it takes an end of stream for the drain. */
  record EndExpected() implements Answer {}

  /**
   * From a client: what became of the messages that were sent until the end of their connections.
   *
   * @param answered messages that were answered
   * @param unanswered messages whose connection ended in order, without a byte of the answer
   */
  record Answered(long answered, long unanswered) implements Answer {}

  /**
   * From a client: when the last of its connections had each message of a broadcast.
   *
   * @param nanos since the message was due, in the order of the messages; 0 if none had it
   */
  record Lasts(List<Long> nanos) implements Answer {}

  /**
   * From a client: how far it is.
   *
   * @param done connections that have done what the phase asks
   * @param answered messages answered since the start
   * @param open connections open now
   * @param failed connections failed since the start
   */
  record Progress(long done, long answered, int open, int failed) implements Notice {}

  /** From a client: the first failure of its kind there, in words. */
  record FirstFailure(Failure kind, String text) implements Notice {}

  /**
   * From a client: the phase is over.
   *
   * @param done connections that have done what the phase asked, or messages answered in it
   * @param failures failed connections since the start, by kind
   * @param latencies of the phase's messages
   */
  record Done(long done, Map<Failure, Integer> failures, Latencies latencies) implements Answer {}
}
