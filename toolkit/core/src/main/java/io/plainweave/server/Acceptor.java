package io.plainweave.server;

import io.plainweave.admission.Refusal;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.Refusals;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Accepts connections of one listener, perhaps beside others, and owns the scope in which they
 * live, since only the owner of a scope may fork in it.
 *
 * <p>It runs on a platform thread: that one waits in accept(2) itself, and takes its turn even when
 * every carrier of the virtual threads is busy.
 */
final class Acceptor implements Scope.Task {
  private static final long SHORTEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(1);

  private final Listener listener;

  /** Whether it is this one of the listener's acceptors that binds it again. */
  private final boolean binds;

  /** Is told why it has failed, and where. */
  private final BiConsumer<SocketAddress, Throwable> failed;

  /** The name of all threads of its connections: one for each would be memory of each. */
  private final String connectionName;

  private final Lifecycle lifecycle;
  private final ServerHome home;

  /**
   * How long to wait after the next failure, in nanoseconds; only the acceptor's thread touches it.
   */
  private long pause = SHORTEST_PAUSE;

  /** Makes the thread of the next connection; only the acceptor's thread touches it. */
  private ThreadFactory threads = Scope.virtualThreads();

  Acceptor(
      Listener listener,
      boolean binds,
      BiConsumer<SocketAddress, Throwable> failed,
      Lifecycle lifecycle,
      ServerHome home) {
    this.listener = listener;
    this.connectionName = "plainweave connection at " + listener;
    this.binds = binds;
    this.failed = failed;
    this.lifecycle = lifecycle;
    this.home = home;
  }

  @Override
  public Scope.After call() throws InterruptedException {
    Thread.currentThread().setName("plainweave acceptor " + listener);
    try {
      return acceptAndJoin();
    } finally {
      lifecycle.acceptorEnded(home.isAdmin());
    }
  }

  /**
   * Accepts until the listener is closed, or finishes and nothing is left, then waits for the
   * connections; an interrupt cancels them.
   */
  private Scope.After acceptAndJoin() throws InterruptedException {
    try (Scope connections = Scope.open("listener " + listener, this::newThread)) {
      try {
        acceptInto(connections);
      } catch (IOException | RuntimeException | Error e) {
        failed.accept(listener.address(), e);
      }
      connections.join();
    }
    return Scope.After.CONTINUE;
  }

  /**
   * Accepts until there is nothing left to accept from. A lack of memory costs the connection that
   * has met it, and passes, as that of descriptors does.
   */
  private void acceptInto(Scope connections) throws IOException, InterruptedException {
    var shortage = new Shortage();
    @Nullable Error failure = null;
    for (boolean goesOn = true; goesOn; ) {
      try {
        goesOn = (failure == null || goesOnAfter(failure)) && acceptNext(connections);
        failure = null;
        shortage.isOver();
      } catch (Error e) {
        if (!shortage.passes(e)) {
          throw e;
        }
        failure = e;
        // Even to tell of it needs memory, for which it has to wait.
        Shortage.pause();
      }
    }
  }

  /** Accepts one; false when there is nothing left to accept from. */
  private boolean acceptNext(Scope connections) throws IOException, InterruptedException {
    if (!home.admission().awaitTurn(home.limit())) {
      return false;
    }
    int rebinds = listener.rebinds();
    try {
      SocketChannel channel = listener.accept();
      boolean goesOn = channel != null && admit(channel, connections);
      pause = SHORTEST_PAUSE;
      return goesOn;
    } catch (IOException e) {
      return goesOnAfter(e, rebinds);
    }
  }

  /** Starts the connection or turns it away; false, and it is closed, if the server has ended. */
  private boolean admit(SocketChannel channel, Scope connections)
      throws IOException, InterruptedException {
    boolean taken = false;
    @Nullable SocketConnection connection = null;
    try {
      connection = SocketConnection.accepted(home, channel, listener.reachedAt(channel));
      Admission admission = home.admission();
      switch (admission.admit(connection, home.limit())) {
        case Admission.Verdict.Admitted() -> {
          taken = true;
          start(connection, connections);
        }
        case Admission.Verdict.Refused(Refusal reason) -> {
          Refusals refusals = admission.refusals();
          refusals.count(listener.address(), reason, connection.remoteAddress());
          refusals.turnAway(channel, admission.rules().goodbye());
          taken = true;
        }
        case Admission.Verdict.Closed() -> {
          // Its client has come too late.
        }
      }
      return taken;
    } finally {
      if (!taken) {
        turnAway(channel, connection);
      }
    }
  }

  /** Closes a channel of which nothing has become, and gives back what was taken for it. */
  private void turnAway(SocketChannel channel, @Nullable SocketConnection connection)
      throws IOException {
    try {
      channel.close();
    } finally {
      if (connection != null) {
        home.release(connection);
      }
    }
  }

  /** Hands the connection, with its permits, to a thread of its own. */
  private void start(SocketConnection connection, Scope connections) {
    boolean started = false;
    try {
      home.registry().add(connection);
      home.admission().registered(connection);
      threads = connection.channel().threads();
      started = !isTooLate(connection) && connections.fork(connection);
    } finally {
      if (!started) {
        connection.discard();
      }
    }
  }

  /** Cancels the connection if all others were cancelled before it was known. */
  private boolean isTooLate(SocketConnection connection) {
    return home.cancels(connection) && connection.cancel();
  }

  private Thread newThread(Runnable task) {
    Thread thread = threads.newThread(task);
    thread.setName(connectionName);
    return thread;
  }

  /**
   * Sorts a failure by whose it is. A listener that was closed is no failure at all; one that was
   * destroyed from outside will fail for ever, and is bound again. All else, above all a lack of
   * descriptors or memory, will pass, but not at once.
   *
   * @param rebinds how often the listener was bound again before
   * @return false when there is nothing left to accept from
   * @throws IOException if the listener is gone
   */
  private boolean goesOnAfter(IOException failure, int rebinds)
      throws IOException, InterruptedException {
    if (!listener.isOpen()) {
      return false;
    }
    if (listener.isListening() && listener.rebinds() == rebinds) {
      return goesOnAfterPause(failure);
    }
    return binds
        ? rebind(new IOException("the listener was destroyed from outside", failure))
        : !finishesAfterPause();
  }

  private boolean goesOnAfter(Error failure) throws InterruptedException {
    return listener.isOpen() && goesOnAfterPause(failure);
  }

  private boolean goesOnAfterPause(Throwable failure) throws InterruptedException {
    home.observer()
        .onEvent(new ServerEvent.AcceptFailed(listener.address(), originOf(failure), failure));
    return !finishesAfterPause();
  }

  /**
   * Whose failure it is: that of the process, if that gets no socket for another purpose either.
   */
  private static ServerEvent.AcceptFailed.Origin originOf(Throwable failure) {
    if (failure instanceof Error) {
      return ServerEvent.AcceptFailed.Origin.PROCESS;
    }
    try {
      SocketChannel.open().close();
      return ServerEvent.AcceptFailed.Origin.CONNECTION;
    } catch (IOException noSocket) {
      return ServerEvent.AcceptFailed.Origin.PROCESS;
    }
  }

  /**
   * Binds the listener again.
   *
   * @return false if it was closed meanwhile
   * @throws IOException the loss, if it could not be bound again in time
   */
  private boolean rebind(IOException loss) throws IOException, InterruptedException {
    if (listener.rebindFor().isZero()) {
      throw loss;
    }
    home.observer().onEvent(new ServerEvent.ListenerLost(listener.address(), loss));
    long end = System.nanoTime() + TimeUnit.NANOSECONDS.convert(listener.rebindFor());
    @Nullable IOException failed = null;
    while (System.nanoTime() - end < 0) {
      if (finishesAfterPause()) {
        return false;
      }
      try {
        boolean bound = listener.rebind();
        if (bound) {
          home.observer().onEvent(new ServerEvent.ListenerRestored(listener.address()));
        }
        return bound;
      } catch (IOException e) {
        failed = e;
      }
    }
    if (failed != null) {
      loss.addSuppressed(failed);
    }
    throw loss;
  }

  /**
   * Waits; longer each time, until a connection is accepted again. True if the listener is to
   * finish, which in a drain may come late.
   */
  private boolean finishesAfterPause() throws InterruptedException {
    boolean finishes = home.admission().finishesWithin(home.limit(), pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    return finishes;
  }
}
