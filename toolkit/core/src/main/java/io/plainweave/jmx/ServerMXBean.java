package io.plainweave.jmx;

import java.util.List;
import java.util.Map;

/**
 * What a JMX client sees of a server, and may do with it. The figures are those of {@link
 * io.plainweave.status.ServerStatus}, at most half a second old.
 *
 * <p>An operation with a value that does not fit fails with an {@link IllegalArgumentException}
 * that names it.
 */
public interface ServerMXBean {
  /** {@return the state of the server, as {@link io.plainweave.server.ServerState}} */
  String getState();

  /** {@return how many accepted connections are open} */
  int getOpenConnections();

  /** {@return the same by {@link io.plainweave.status.ConnectionState}} */
  Map<String, Integer> getOpenConnectionsByState();

  /** {@return the same by the name of the listener} */
  Map<String, Integer> getOpenConnectionsByListener();

  /** {@return how many connections handlers have opened} */
  int getOutboundConnections();

  /** {@return how many connections were let in} */
  long getAcceptedConnections();

  /** {@return how many were refused, by {@link io.plainweave.admission.Refusal}} */
  Map<String, Long> getRefusedConnections();

  /** {@return how many of the accepted have ended, by {@link io.plainweave.CloseReason}} */
  Map<String, Long> getClosedConnections();

  /** {@return how many handshakes were passed, on listeners that have such} */
  long getPassedHandshakes();

  /** {@return how many have failed} */
  long getFailedHandshakes();

  /** {@return bytes from peers for handlers} */
  long getReceivedBytes();

  /** {@return bytes from handlers to peers} */
  long getSentBytes();

  /** {@return how many messages the handlers have finished, of those who mark them} */
  long getMessages();

  /** {@return how often a peer has not taken a byte for a second that was written to it} */
  long getWriteStalls();

  /** {@return on how many event loops handlers run; 0 on the scheduler of the JDK} */
  int getEventLoops();

  /** {@return how many threads the event loops have} */
  int getEventLoopThreads();

  /** {@return the processor time of these threads in milliseconds} */
  long getEventLoopMillis();

  /** {@return how many virtual threads could run and wait for their turn} */
  long getQueuedThreads();

  /**
   * {@return the time limits in milliseconds, by their names in {@link io.plainweave.TimeLimits}; 0
   * for none}
   */
  Map<String, Long> getTimeLimitMillis();

  /**
   * Lists open connections, those first that are in their state for longest.
   *
   * @param most how many at most
   * @return one line for each
   */
  List<String> listConnections(int most);

  /**
   * Ends a connection in order, as {@link io.plainweave.status.LiveConnection#end}.
   *
   * @param id its number
   * @param reason for the log
   * @return false if there is none of that number, or it was ending
   */
  boolean endConnection(long id, String reason);

  /**
   * Ends a connection with a reset, as {@link io.plainweave.status.LiveConnection#reset}.
   *
   * @param id its number
   * @param reason for the log
   * @return false if there is none of that number, or it was ending
   */
  boolean resetConnection(long id, String reason);

  /**
   * Changes one of the time limits of all listeners that have none of their own.
   *
   * @param name as in {@link #getTimeLimitMillis()}
   * @param millis 0 for none
   */
  void changeTimeLimit(String name, long millis);

  /** Lets the server accept nothing, as {@link io.plainweave.server.Server#suspend()}. */
  void suspend();

  /** Ends that, as {@link io.plainweave.server.Server#resume()}. */
  void resume();

  /** Begins to drain the server, as {@link io.plainweave.server.Server#shutdown()}. */
  void drain();
}
