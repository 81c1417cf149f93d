package io.plainweave.event;

/** Receives the events of a server. */
@FunctionalInterface
public interface ServerObserver {
  /**
   * Takes notice of an event, in the thread in which it happens: that of the connection, the
   * session, the background task, the acceptor or the reaper, or of whoever starts the server,
   * changes its rules or drains it. It must return soon, and so must not connect or write: in the
   * reaper's thread all time limits would wait for it. What it throws is logged and has no other
   * effect.
   *
   * @param event what has happened
   */
  void onEvent(ServerEvent event);
}
