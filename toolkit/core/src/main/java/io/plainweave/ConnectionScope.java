package io.plainweave;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Threads that live and die with a connection: readers, writers, heartbeats. None of them outlives
 * {@link #close()}.
 *
 * <p><b>Failure.</b> The first thread that fails ends the connection, with a reset, and cancels the
 * others: they are interrupted. {@link #join()} rethrows that failure; what else fails on its own
 * account is added as suppressed. A handler that is itself reading or writing meanwhile fails there
 * with a {@link ConnectionClosedException} whose cause is the failure.
 *
 * <p><b>End of the connection.</b> However the connection ends, be it by a time limit, {@link
 * Connection#abort()} or {@link Connection#close()}: if the scope is still open a tenth of a second
 * later (with more than 10,000 connections, up to a second), its owner is interrupted once, so that
 * it does not wait on for threads that have nothing to do with the socket.
 *
 * <p><b>End of stream.</b> A task that has seen the end of its stream returns. {@link #join()}
 * waits for the tasks that were {@linkplain #fork forked}, then cancels those that were forked
 * {@linkplain #forkBackground in the background}: a reader in front and a heartbeat in the
 * background end together when the peer has finished.
 *
 * <p><b>Deadline.</b> When a timeout was given and has passed, the connection is reset, everything
 * is cancelled and {@link #join()} throws a {@link ConnectionClosedException} with {@link
 * TimeLimits.Kind#SCOPE}.
 *
 * <p><b>What an interrupt reaches.</b> To cancel is to interrupt, here as everywhere in Java, and
 * an interrupt does not ask what the thread is doing. A connection it ends with a reset. But an
 * interruptible channel that others use as well, such as the {@code FileChannel} of an embedded
 * database, is closed for all of them when it meets a thread in it ({@link
 * java.nio.channels.InterruptibleChannel}): a client that resets its connection would close the
 * database for every other one. {@link io.plainweave.server.Shield#call} runs such code where no
 * interrupt comes. A write to the connection of another handler needs no shield: no interrupt ends
 * it, but the time limits of that connection.
 *
 * <p>Only the owner, the thread that has opened the scope, may fork, join and close; another thread
 * gets a {@link WrongThreadException}. Scopes nest, and a thread of a scope may open its own. This
 * is structured concurrency (JEP 505) for one connection; the threads are virtual, and their names
 * are seen in a thread dump.
 */
public interface ConnectionScope extends AutoCloseable {
  /**
   * What a thread of a scope does. It returns when it is done, for example at the end of its
   * stream.
   */
  @FunctionalInterface
  interface Task {
    /**
     * Runs to its end.
     *
     * @throws Exception to end the connection and cancel the other tasks
     */
    void run() throws Exception;

    /**
     * Called in the owner's thread when a thread for the task was started, which may not have begun
     * to run it. Does nothing by default.
     */
    default void forked() {}
  }

  /**
   * Starts a thread whose end {@link #join()} waits for. If a task has failed before, nothing is
   * started, and {@link #join()} says why.
   *
   * @param name how the thread is called
   * @param task what it does
   * @throws IllegalStateException after {@link #join()}
   */
  void fork(String name, Task task);

  /**
   * Starts a thread that is cancelled when all tasks in front have ended. It is interrupted then,
   * and an interrupt of a thread that writes resets the connection: a heartbeat is better offered
   * to an {@link io.plainweave.messaging.Outbox} than written.
   *
   * @param name how the thread is called
   * @param task what it does
   * @throws IllegalStateException after {@link #join()}
   */
  void forkBackground(String name, Task task);

  /**
   * Lets the handler go on where the peer does not read: what is written to {@link
   * Connection#output()} from now on, by any thread, is kept, up to a limit, and a thread of this
   * scope sends it.
   *
   * <p>This is for protocols in which a client may send many requests before it reads a reply. Some
   * read none before they have sent all. If the replies are more than the two sockets hold, the
   * handler waits for the client to read, the client for the handler to read, and {@link
   * TimeLimits#writeStall()} resets the connection. Here the handler reads on:
   *
   * {@snippet file="io/plainweave/internal/connection/OutputBufferTest.java" region="pipeline"}
   *
   * <p><b>The limit.</b> When so much is kept, a write waits for the peer as it does without this,
   * and one that takes nothing for the time of {@link TimeLimits#writeStall()} loses the
   * connection, be there room here or not. Each connection can cost that much memory, and its peer
   * decides whether it does: {@link AdmissionRules#maxConnections()} limits how many there are.
   *
   * <p><b>The stream</b> is another one than before: who holds that of {@link Connection#output()}
   * already has to ask again. {@link OutputStream#flush()} has no effect, as everything is sent as
   * soon as possible. {@link #join()} waits for what is kept when all other tasks in front have
   * returned, and from then on writes wait for the peer again. {@link Connection#finishOutput()},
   * the change to TLS and a {@link Connection#close()} by the owner wait for it, too. A close by
   * another thread, or a scope that is left without {@link #join()}, cuts what is kept, and resets
   * the connection.
   *
   * @param maxBytes how many bytes are kept at most
   * @throws IOException if what was written before cannot be sent
   * @throws IllegalArgumentException if {@code maxBytes} is less than 1
   * @throws IllegalStateException if a scope of the connection does this already, or after {@link
   *     #join()}
   */
  void bufferOutput(int maxBytes) throws IOException;

  /**
   * Waits until all tasks in front have returned, cancels the background, or waits until one has
   * failed.
   *
   * @throws Exception what the first failed task has thrown, with the others suppressed
   * @throws ConnectionClosedException if the connection was closed meanwhile: the deadline has
   *     passed, the server cancels, or somebody has closed it
   * @throws InterruptedException if the calling thread is interrupted otherwise
   */
  void join() throws Exception;

  /**
   * Cancels what still runs, if {@link #join()} has not seen it end, and waits for it without
   * limit. The connection stays open, unless an interrupt has met a thread that was reading or
   * writing: then it is reset.
   *
   * @throws IllegalStateException if threads were forked and {@link #join()} was not called, while
   *     the connection is in order; everything is closed all the same
   */
  @Override
  void close();
}
