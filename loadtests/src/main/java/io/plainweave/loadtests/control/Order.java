package io.plainweave.loadtests.control;

import java.time.Duration;
import java.util.List;

/** What the coordinator tells a child; one line on the child's stdin. */
public sealed interface Order {

  /** To a server: collect garbage, then tell {@link Notice.Memory}. */
  record Measure() implements Order {}

  /** To a server: tell {@link Notice.Count}. */
  record Count() implements Order {}

  /**
   * To a server: start the drain, then tell {@link Notice.Drained}.
   *
   * @param limit how long to wait for its end
   */
  record Drain(Duration limit) implements Order {}

  /**
   * To a client: open connections and have each exchange a message, then tell {@link Notice.Done}.
   *
   * @param first number of the first connection; numbers are unique within the run
   * @param count how many connections to open
   * @param targets to spread the connections of the run over; a connection's number decides
   * @param window how many connects and messages may be in flight at a time
   */
  record Ramp(int first, int count, List<Target> targets, int window) implements Order {}

  /** To a client: one more message on every connection, then tell {@link Notice.Done}. */
  record Sweep(int window) implements Order {}

  /**
   * To a client: messages at a fixed rate over its connections, then tell {@link Notice.Done}.
   *
   * @param rate messages a second of this client, due whatever the server does
   * @param duration for how long messages become due; those that are due are sent all the same
   */
  record Load(double rate, Duration duration) implements Order {}

  /**
   * To a client: half-close every connection, await the end of the server's stream, then tell
   * {@link Notice.Done}.
   *
   * @param window how many of these ends may be awaited at a time
   */
  record HalfClose(int window) implements Order {}

  /**
   * To a client: tell {@link Notice.EndExpected}, from now on take an end of stream for the
   * servers' drain, and tell {@link Notice.Done} when every connection has ended.
   *
   * @param limit how long to wait for it
   */
  record ExpectEnd(Duration limit) implements Order {}
}
