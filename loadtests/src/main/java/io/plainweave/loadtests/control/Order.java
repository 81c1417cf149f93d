package io.plainweave.loadtests.control;

import java.time.Duration;
import java.util.List;

/** What the coordinator tells a child; one line on the child's stdin. */
public sealed interface Order {
  /** What a server is told. */
  sealed interface ToServer extends Order {}

  /** What a client is told. */
  sealed interface ToClient extends Order {}

  /** To a server: collect garbage, then tell {@link Notice.Memory}. */
  record Measure() implements ToServer {}

  /** To a server: tell {@link Notice.Count}. */
  record Count() implements ToServer {}

  /**
   * To a server: start the drain, then tell {@link Notice.Drained}.
   *
   * @param limit how long to wait for its end
   */
  record Drain(Duration limit) implements ToServer {}

  /**
   * To a client: open connections and have each exchange a message, then tell {@link Notice.Done}.
   *
   * @param first number of the first connection; numbers are unique within the run
   * @param count how many connections to open
   * @param targets to spread the connections of the run over; a connection's number decides
   * @param window how many connects and messages may be in flight at a time
   */
  record Ramp(int first, int count, List<Target> targets, int window) implements ToClient {}

  /** To a client: one more message on every connection, then tell {@link Notice.Done}. */
  record Sweep(int window) implements ToClient {}

  /**
   * To a client: messages at a fixed rate over its connections, then tell {@link Notice.Done}.
   *
   * @param rate messages a second of this client, due whatever the server does
   * @param duration for how long messages become due; those that are due are sent all the same
   */
  record Load(double rate, Duration duration) implements ToClient {
    /** How many messages that is. */
    public long messages() {
      return (long) (rate * duration.toNanos() / 1e9);
    }
  }

  /**
   * To a client: half-close every connection, await the end of the server's stream, then tell
   * {@link Notice.Done}.
   *
   * @param window how many of these ends may be awaited at a time
   */
  record HalfClose(int window) implements ToClient {}

  /**
   * To a client: messages at a fixed rate until the servers have ended every connection, then tell
   * {@link Notice.Done} and {@link Notice.Answered}.
   *
   * @param rate messages a second of this client
   * @param limit how long to wait for the ends
   */
  record LoadUntilEnd(double rate, Duration limit) implements ToClient {}

  /**
   * To a client: connections that come, exchange a message and go, then tell {@link Notice.Done}.
   *
   * @param first number of the first connection
   * @param connections how many
   * @param most how many may be open at a time; others wait
   * @param rate connections a second of this client, due whatever the server does
   * @param targets to spread them over; a connection's number decides
   */
  record Churn(int first, int connections, int most, double rate, List<Target> targets)
      implements ToClient {}

  /**
   * To a client: reset all connections, open as many again, without a window, and have each
   * exchange a message, then tell {@link Notice.Done}.
   *
   * @param limit how long each may take
   * @param targets as in {@link Ramp}
   */
  record Storm(Duration limit, List<Target> targets) implements ToClient {}

  /**
   * To a client: messages at a fixed rate until {@link EndLoad}, then tell {@link Notice.Done} and
   * {@link Notice.Moved}. Where a server ends a connection in order, a new one takes its place; one
   * message in ten goes over a connection of its own.
   *
   * @param rate messages a second of this client, due whatever the servers do
   * @param firstNew number of the first connection that is opened; numbers are unique within the
   *     run
   * @param targets to spread these connections over
   */
  record LoadAcrossRestarts(double rate, int firstNew, List<Target> targets) implements ToClient {}

  /** To a client: no message is due any more. */
  record EndLoad() implements ToClient {}

  /**
   * To a client: hold slow connections, each of which comes back when the server has ended it, then
   * tell {@link Notice.Done}.
   *
   * @param readers connections that ask for much and read nothing
   * @param writers connections that send a byte now and then
   * @param arrival the time over which they come
   * @param duration how long they stay, the arrival included
   * @param targets to spread them over
   */
  record Slow(int readers, int writers, Duration arrival, Duration duration, List<Target> targets)
      implements ToClient {}

  /**
   * To a client: one connection sends messages that all receive, then tell {@link Notice.Done} and
   * {@link Notice.Lasts}.
   *
   * @param sender number of the connection that sends
   * @param start when the first message is due, by the clock that all processes of a machine share
   * @param rate messages a second
   * @param messages how many
   */
  record Broadcast(int sender, long start, double rate, int messages) implements ToClient {}

  /** To a server that is a broker: publish to everybody, then tell {@link Notice.Published}. */
  record Publish() implements ToServer {}

  /**
   * To a client: tell {@link Notice.PublishExpected}, and {@link Notice.Done} when every connection
   * has what the brokers publish to everybody.
   *
   * @param limit how long to wait for it
   */
  record ExpectPublish(Duration limit) implements ToClient {}

  /**
   * To a client: tell {@link Notice.EndExpected}, from now on take an end of stream for the
   * servers' drain, and tell {@link Notice.Done} when every connection has ended.
   *
   * @param limit how long to wait for it
   */
  record ExpectEnd(Duration limit) implements ToClient {}
}
