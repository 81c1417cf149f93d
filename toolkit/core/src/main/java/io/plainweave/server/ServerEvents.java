package io.plainweave.server;

import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.log.Log;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells the observers of a server, of whom the log is one. */
final class ServerEvents implements ServerObserver {
  private final List<ServerObserver> observers;
  private final ServerLog log;

  ServerEvents(ServerLog log, List<ServerObserver> observers) {
    this.log = log;
    this.observers = List.copyOf(observers);
  }

  @Override
  public void onEvent(ServerEvent event) {
    tell(log, event);
    for (ServerObserver observer : observers) {
      tell(observer, event);
    }
  }

  /** Lets the log call a listener by its name. */
  void named(SocketAddress listener, @Nullable String name) {
    log.named(listener, name);
  }

  /** Tells what has waited to be told; called by the reaper. */
  void check() {
    writeRest(log::check);
  }

  /** Tells what is left, when nothing more comes. */
  void close() {
    writeRest(log::close);
  }

  private static void writeRest(Runnable log) {
    try {
      log.run();
    } catch (RuntimeException failure) {
      // An exception of a handler may fail when it is asked for its message.
      Log.taskFailed(failure);
    }
  }

  private void tell(ServerObserver observer, ServerEvent event) {
    try {
      observer.onEvent(event);
    } catch (Throwable failure) {
      // Whatever an observer does wrong, the connection or the server goes on.
      log.observerFailed(observer, event, failure);
    }
  }
}
