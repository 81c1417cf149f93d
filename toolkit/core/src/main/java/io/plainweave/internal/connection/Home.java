package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.admission.Refusal;
import io.plainweave.context.ForkContext;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.figures.ConnectionCounts;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.status.ListenerName;
import org.jspecify.annotations.Nullable;

/** What a connection needs of the server, or the client, in which it lives. */
public interface Home {
  /**
   * The home to which the current thread belongs: each thread that a server has started, those of
   * its connections and what they fork in a scope among them, and one that binds the server; and
   * what any other thread forks in a scope of a connection.
   */
  ScopedValue<Home> CURRENT = ScopedValue.newInstance();

  /** Serves what was accepted. */
  Handler handler();

  /** What comes between accept and handler. */
  HandshakeRunner handshake();

  /** Where all its connections are known. */
  ConnectionRegistry registry();

  BufferPool buffers();

  Pollers pollers();

  Ticks ticks();

  /** The time limits of its connections. */
  TimeCheck timeCheck();

  /** Receives the events of what happens. */
  ServerObserver observer();

  /** What the threads of its connections take along into what they fork; null for nothing. */
  @Nullable ForkContext forkContext();

  /** Where those that were accepted are counted. */
  ConnectionCounts counts();

  /** Which listener accepts its connections; null if handlers open them. */
  @Nullable ListenerName listener();

  /** How that one is called; empty where there is none. */
  default String listenerName() {
    ListenerName listener = listener();
    return listener == null ? "" : listener.name();
  }

  /** In which it was made, for whatever its connections open. */
  Surroundings surroundings();

  /** Whether its connections are not of the service, but for administration: they end last. */
  boolean isAdmin();

  /** Whether it drains, and the connection in this slot is to finish. */
  boolean finishes(int slot, int now);

  /** Whether a connection that was just registered may have come too late to be cancelled. */
  boolean cancels(SocketConnection registered);

  /**
   * Looks whether a connection that has come, or whose peer is known by now, is to be traced.
   *
   * @param event what is to stand at the begin of the trace
   */
  void opened(SocketConnection connection, String event);

  /** Counts a connection that has ended. */
  void ended(@Nullable CloseReason reason);

  /** Counts a connection that its handshake has refused, for the report. */
  void refused(SocketConnection connection, Refusal refusal);

  /** Takes back the permits of a connection, if it has any. It allocates nothing. */
  void release(SocketConnection connection);
}
