package io.plainweave.status;

import io.plainweave.event.HandlerPosition;
import io.plainweave.trace.Trace;
import io.plainweave.trace.TraceLimits;
import io.plainweave.trace.TraceTarget;
import java.io.IOException;
import java.util.Optional;

/**
 * One connection of a server that runs, for an operator who looks at it or ends it. It stays the
 * same connection: when that has ended, there is nothing left to end.
 */
public interface LiveConnection {
  /** {@return how it stands now; the last of it, if it has ended} */
  ConnectionStatus status();

  /**
   * {@return where its handler stands now, whose {@code line()} is its innermost line of code;
   * empty if it has ended, and for outbound connections} It costs a walk along the stack of the
   * thread, which is held up meanwhile. Threads that a handler has forked are not shown.
   */
  Optional<HandlerPosition> position();

  /**
   * Begins a trace of it: what its handler reads and writes from now on, in plain, which may be
   * {@linkplain io.plainweave.trace passwords and personal data}. It ends with the connection, at a
   * limit, or when it is closed. No call of the connection waits for it.
   *
   * @param target where it goes: a new file, or the log
   * @param limits how long it goes on at most
   * @return the trace, which has begun; one that is over at once if the connection has ended
   * @throws IOException if the file cannot be created, or exists
   * @throws IllegalStateException if 16 traces of the server go on
   */
  Trace trace(TraceTarget target, TraceLimits limits) throws IOException;

  /**
   * The same within {@link TraceLimits#DEFAULT}: 1 MiB, and a minute.
   *
   * @param target where it goes: a new file, or the log
   * @return the trace, which has begun; one that is over at once if the connection has ended
   * @throws IOException if the file cannot be created, or exists
   * @throws IllegalStateException if 16 traces of the server go on
   */
  default Trace trace(TraceTarget target) throws IOException {
    return trace(target, TraceLimits.DEFAULT);
  }

  /**
   * Ends it in order, as {@link io.plainweave.Connection#close()} does from another thread: the
   * peer gets what was flushed before, and the end of the stream; and only if a message would be
   * cut, a reset. In a handshake, where there is nothing to keep, it is a reset.
   *
   * <p>The handler fails at its next read or write with a {@link
   * io.plainweave.ConnectionClosedException}. One that waits for something else goes on with that,
   * and the connection {@linkplain ConnectionState#ENDING is ending} until it returns: {@link
   * #reset} interrupts it.
   *
   * <p>It returns when the end was sent, which may take as long as a write may stall; of an
   * outbound connection, when the peer has finished, too, or {@link
   * io.plainweave.TimeLimits#linger()} is over.
   *
   * @param text why, for those who read logs and events ({@link
   *     io.plainweave.CloseReason.EndedByOperator}); may be of any form, and is shown in one line
   * @return false if it has ended, or was ending for another reason
   */
  boolean end(String text);

  /**
   * Ends it at once with a reset, as {@link io.plainweave.Connection#abort()}, and interrupts its
   * handler. Does not wait. A handler that does not react to the interrupt keeps its thread, and
   * the connection {@linkplain ConnectionState#ENDING is ending} until it returns.
   *
   * @param text why, as in {@link #end(String)}
   * @return false if it has ended, or was ending for another reason, which remains: then it is
   *     reset all the same, and its handler interrupted
   */
  boolean reset(String text);
}
