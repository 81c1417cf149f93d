package io.plainweave;

/** Is told of the events of a server. */
@FunctionalInterface
public interface ServerObserver {
  /**
   * Takes notice of an event, in the thread in which it happens: that of the connection, the
   * session, the acceptor, the reaper or whoever begins a drain. It must return soon. What it
   * throws is logged and has no other effect.
   *
   * @param event what has happened
   */
  void onEvent(ServerEvent event);
}
