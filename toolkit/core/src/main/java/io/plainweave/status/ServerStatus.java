package io.plainweave.status;

import io.plainweave.CloseReason;
import io.plainweave.admission.Refusal;
import io.plainweave.udp.DatagramStatistics;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The figures of a server: what there is now, and totals since it was started.
 *
 * <p>They are not of one moment, since nothing is held up for them. A connection that ends just now
 * may be counted as open and as closed, or its bytes twice; where nothing begins or ends, they are
 * exact. What does not occur is in no map, listeners apart.
 *
 * @param open how many connections are in each state; outbound ones are not among them
 * @param openByListener how many of these each listener has accepted, zeros included
 * @param outbound how many connections there are that handlers have opened in this server
 * @param accepted how many connections were accepted and let in, to their handshake if there is
 *     one: as many as {@link io.plainweave.event.ServerEvent.ConnectionOpened}
 * @param refused how many were refused, by the reason. Those that their handshake has shown to be
 *     unwelcome were accepted, too, and are closed by {@link CloseReason.Refused}
 * @param closed how many of the accepted have ended, by the class of the reason, for example {@code
 *     CloseReason.TimedOut.class}
 * @param handshakesPassed how many have passed what comes before the handler, on listeners that
 *     have such: PROXY header, TLS
 * @param handshakesFailed how many have ended in it
 * @param received bytes from the peers of all that were accepted, those that are open included, as
 *     {@link ConnectionStatus#received()}
 * @param sent bytes to them
 * @param writeStalls how often no byte could leave for a second to a peer that is written to, as
 *     {@link io.plainweave.event.ServerEvent.WriteStallBegan}
 * @param ages for how many milliseconds those were open that have ended, in steps of 100
 * @param sizes how many bytes each of them has received and sent
 * @param times for what clients and the server have needed how much time
 * @param buffers how many connections of any kind keep bytes in a borrowed buffer that are not read
 *     yet, or not sent
 * @param threads what the handlers run on
 * @param datagrams what has become of UDP datagrams, as {@link
 *     io.plainweave.server.Server#datagrams()}
 */
public record ServerStatus(
    Map<ConnectionState, Integer> open,
    Map<ListenerName, Integer> openByListener,
    int outbound,
    long accepted,
    Map<Refusal, Long> refused,
    Map<Class<? extends CloseReason>, Long> closed,
    long handshakesPassed,
    long handshakesFailed,
    long received,
    long sent,
    long writeStalls,
    Histogram ages,
    Histogram sizes,
    Times times,
    int buffers,
    Threads threads,
    List<DatagramStatistics> datagrams) {
  /**
   * For what how many milliseconds were needed on accepted connections, in steps of 100: what takes
   * less counts as 0.
   *
   * @param handshakes for what comes before the handler, on listeners that have such, passed or
   *     failed
   * @param firstBytes until the first byte for the handler had come, from its beginning on;
   *     connections that have never said anything are not among them
   * @param messages from the first byte of a message to its end, of handlers that mark their
   *     messages ({@link io.plainweave.Connection#awaitMessage()}), as the framings do: {@link
   *     Histogram#total()} is how many there were
   */
  public record Times(Histogram handshakes, Histogram firstBytes, Histogram messages) {}

  /**
   * What handlers run on. The scheduler of the JDK is that of the whole process.
   *
   * @param eventLoops on how many event loops; 0 if they run on the scheduler of the JDK
   * @param loopThreads how many threads there are for the event loops, those included that a
   *     handler keeps
   * @param loopTime the processor time of these threads since the start: what comes to it in a
   *     second, divided by their number, says how busy the event loops are
   * @param carriers how many carriers the scheduler of the JDK may use at a time
   * @param busyCarriers how many of them run a virtual thread now
   * @param queued how many virtual threads could run and wait for their turn, those of the event
   *     loops and, where there are none, those of the scheduler of the JDK
   */
  public record Threads(
      int eventLoops,
      int loopThreads,
      Duration loopTime,
      int carriers,
      int busyCarriers,
      long queued) {}

  /** Copies the maps and the list. */
  public ServerStatus {
    open = Map.copyOf(open);
    openByListener = Map.copyOf(openByListener);
    refused = Map.copyOf(refused);
    closed = Map.copyOf(closed);
    datagrams = List.copyOf(datagrams);
  }

  /** {@return how many accepted connections are open, in whatever state} */
  public int totalOpen() {
    return open.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** {@return how many accepted connections have ended, for whatever reason} */
  public long totalClosed() {
    return closed.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Returns how many connections are in a state.
   *
   * @param state the state
   * @return how many, perhaps 0
   */
  public int open(ConnectionState state) {
    return open.getOrDefault(state, 0);
  }

  /**
   * Returns how many were refused for a reason.
   *
   * @param why the reason
   * @return how many, perhaps 0
   */
  public long refused(Refusal why) {
    return refused.getOrDefault(why, 0L);
  }

  /**
   * Returns how many have ended for a kind of reason.
   *
   * @param why the class of the reason
   * @return how many, perhaps 0
   */
  public long closed(Class<? extends CloseReason> why) {
    return closed.getOrDefault(why, 0L);
  }
}
