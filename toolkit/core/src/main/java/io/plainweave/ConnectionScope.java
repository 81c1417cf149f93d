package io.plainweave;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;

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
 * <p><b>End of the work.</b> A task that has seen the end of its stream returns. {@link #join()}
 * waits for the tasks that were {@linkplain #fork forked}, then cancels those that were forked
 * {@linkplain #forkBackground in the background}. So how a task is forked declares with what the
 * scope ends: with both halves of a conversation, if both are in front; with its reader, if all
 * else is in the background. {@link Subtask} is for what has an order of its own.
 *
 * <p><b>A task that is cancelled because it is not needed any more</b>, be it in the background or
 * by {@link Subtask#cancel()}, cuts no message, and the connection goes on. It is interrupted: a
 * read that waits between two messages, or for any byte of a stream without marked messages, fails
 * with an {@link java.io.InterruptedIOException} and has taken nothing. In the middle of a message
 * ({@link Connection#awaitMessage()}) it reads on, and what it writes is sent to the end; the
 * {@link TimeLimits} say how long that may take, and its interrupt status stays set meanwhile. To
 * end with one of these exceptions is no failure then.
 *
 * <p><b>Deadline.</b> When a timeout was given and has passed, the connection is reset, everything
 * is cancelled and {@link #join()} throws a {@link ConnectionClosedException} with {@link
 * TimeLimits.Kind#DEADLINE}. It is also that of its threads ({@link Deadline#remaining()}), and if
 * the scope was opened within an earlier one, that one counts.
 *
 * <p><b>What an interrupt reaches.</b> To cancel is to interrupt, here as everywhere in Java, and
 * an interrupt does not ask what the thread is doing. If the scope has failed, or is left without
 * {@link #join()}, it ends a connection with a reset. And an interruptible channel that others use
 * as well, such as the {@code FileChannel} of an embedded database, is closed for all of them when
 * it meets a thread in it ({@link java.nio.channels.InterruptibleChannel}): a client that resets
 * its connection would close the database for every other one. {@link
 * io.plainweave.server.Shield#call} runs such code where no interrupt comes. A write to the
 * connection of another handler needs no shield: no interrupt ends it, but the time limits of that
 * connection.
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
   * A task that was forked, for what concerns it alone: to wait for it before the others, to have
   * its result, or to cancel it. Who needs none of that forgets it.
   *
   * <p>Here the reader decides when the rest is told to come to its end:
   *
   * {@snippet file="io/plainweave/internal/connection/SubtaskTest.java" region="order"}
   *
   * @param <T> the type of the result
   */
  interface Subtask<T> {
    /**
     * Waits until the task has ended. It is for the owner of the scope, before {@link
     * ConnectionScope#join()} or after it. A task with a result has it for every call.
     *
     * @return the result; null of a {@link Task}, which has none
     * @throws CancellationException if the task had a result to give, and was {@linkplain #cancel()
     *     cancelled} before
     * @throws Exception what {@link ConnectionScope#join()} throws: if this task has failed, or
     *     another one has before, or the connection was closed
     * @throws DeadlineExceededException if the {@link Deadline} of the calling thread has passed
     *     before; the task goes on
     * @throws InterruptedException if the calling thread is interrupted otherwise
     */
    T join() throws Exception;

    /**
     * Cancels this task, and what it has forked; the others and the connection go on. It is
     * interrupted, as {@link ConnectionScope} says, or never runs if it has not begun. Any thread
     * may call this, and waits for nothing. Has no effect on a task that has ended.
     *
     * {@snippet file="io/plainweave/internal/connection/SubtaskTest.java" region="cancel"}
     */
    void cancel();
  }

  /**
   * Starts a thread whose end {@link #join()} waits for. If a task has failed before, nothing is
   * started, and {@link #join()} says why.
   *
   * @param name how the thread is called
   * @param task what it does
   * @return the task as it runs
   * @throws IllegalStateException after {@link #join()}
   */
  Subtask<?> fork(String name, Task task);

  /**
   * Starts a thread for a task with a result, whose end {@link #join()} waits for. All else is as
   * with {@link #fork(String, Task)}: a task that can do without what has failed catches that
   * itself.
   *
   * {@snippet file="io/plainweave/internal/connection/SubtaskTest.java" region="result"}
   *
   * @param <T> the type of the result
   * @param name how the thread is called
   * @param task what it does, and returns
   * @return the task as it runs
   * @throws IllegalStateException after {@link #join()}
   */
  <T> Subtask<T> fork(String name, Callable<? extends T> task);

  /**
   * Starts a thread that is cancelled when all tasks in front have ended.
   *
   * @param name how the thread is called
   * @param task what it does
   * @return the task as it runs
   * @throws IllegalStateException after {@link #join()}
   */
  Subtask<?> forkBackground(String name, Task task);

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
   * decides whether it does: {@link io.plainweave.admission.AdmissionRules#maxConnections()} limits
   * how many there are.
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
   * Ends this scope, and the connection, as soon as its peer is in a certain state, so that nobody
   * works on for a peer that has gone. It is for handlers that do something else than to read:
   *
   * {@snippet file="io/plainweave/internal/connection/PeerStateTest.java" region="scope"}
   *
   * <p>At {@link PeerState#FINISHED} the connection is reset, for {@link CloseReason.PeerFinished}:
   * it is for protocols in which a peer that waits for a reply never finishes, such as HTTP. At
   * {@link PeerState#GONE} the reason is {@link CloseReason.PeerReset}. Without this, a reset is
   * noticed when somebody next reads or writes. The threads of the scope, and its owner, end as at
   * every end of a connection.
   *
   * <p>The thread that looks at the time limits looks for it: a tenth of a second later at most, or
   * a second with more than 10,000 connections, and only when something has come. It takes no byte
   * from those who read ({@link Connection#peerState()}), and no thread waits for it.
   *
   * @param state the first state at which nobody needs the work
   * @throws IllegalArgumentException for {@link PeerState#OPEN}, with which no scope ends
   */
  void endWhen(PeerState state);

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
   * Cancels what still runs, and waits for it without limit. If {@link #join()} has not seen it
   * end, the connection stays open, unless an interrupt has met a thread that was reading or
   * writing: then it is reset.
   *
   * @throws IllegalStateException if threads were forked and {@link #join()} was not called, while
   *     the connection is in order; everything is closed all the same
   */
  @Override
  void close();
}
