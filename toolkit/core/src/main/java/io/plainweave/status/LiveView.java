package io.plainweave.status;

import io.plainweave.admission.Network;
import io.plainweave.trace.Trace;
import io.plainweave.trace.TraceLimits;
import io.plainweave.trace.TraceTarget;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What can be seen of a server while it runs, and an end for single connections: for a page or a
 * command of an operator.
 *
 * {@snippet file="io/plainweave/status/OperatorTest.java" region="operator"}
 *
 * <p>Nothing is kept for it: it is looked up when it is asked for, without a lock, in the time that
 * a walk along all connections takes. Streams look at one connection after the other as they are
 * pulled, and hold no copy. They are <b>weakly consistent</b>: what is open from their beginning to
 * their end is seen once; what comes or goes meanwhile may be seen, or not.
 *
 * <p>It shows the connections of all listeners, those for administration included, and those that
 * handlers have opened in the server; UDP is in the figures only. Before the start and after the
 * end of the server there are none. All methods are safe for use by several threads.
 */
public interface LiveView {
  /**
   * {@return how the open connections stand, in no order; each is looked at when the stream comes
   * to it}
   */
  Stream<ConnectionStatus> connections();

  /**
   * Finds connections by how they stand, to look at them or to end them: all of them in one walk.
   *
   * @param which says whether a connection is one of them
   * @return those for which that was so when the stream came to it
   */
  Stream<LiveConnection> find(Predicate<? super ConnectionStatus> which);

  /**
   * Finds one connection by its number, in a walk along all: for many, {@link #find} is better.
   *
   * @param id as {@link ConnectionStatus#id()}
   * @return the connection; empty if there is none of that number, or it has ended
   */
  Optional<LiveConnection> connection(long id);

  /**
   * Begins a trace of all connections whose peer is in a network, of those that are open and those
   * that will be: what their handlers read and write from now on, in plain, which may be
   * {@linkplain io.plainweave.trace passwords and personal data}. Behind a proxy, the peer is the
   * client as soon as the PROXY header has told it. It ends with the server, at a limit, or when it
   * is closed. No call of a connection waits for it.
   *
   * @param peers whose connections; those over Unix-domain sockets are in none
   * @param target where it goes: a new file, or the log
   * @param limits how long it goes on at most, with all of the connections together; before the
   *     start of the server no time passes
   * @return the trace, which has begun; one that is over at once if the server has ended
   * @throws IOException if the file cannot be created, or exists
   * @throws IllegalStateException if 16 traces of the server go on
   */
  Trace trace(Network peers, TraceTarget target, TraceLimits limits) throws IOException;

  /**
   * The same within {@link TraceLimits#DEFAULT}: 1 MiB, and a minute.
   *
   * @param peers whose connections; those over Unix-domain sockets are in none
   * @param target where it goes: a new file, or the log
   * @return the trace, which has begun; one that is over at once if the server has ended
   * @throws IOException if the file cannot be created, or exists
   * @throws IllegalStateException if 16 traces of the server go on
   */
  default Trace trace(Network peers, TraceTarget target) throws IOException {
    return trace(peers, target, TraceLimits.DEFAULT);
  }

  /**
   * Counts: totals since the start, and what there is now, in a walk along all connections.
   *
   * @return the figures; {@link ServerStatus} says how far they fit together
   */
  ServerStatus status();
}
