package io.plainweave;

import java.time.Duration;
import java.util.concurrent.ConcurrentMap;

/** The run of a handler for one peer. */
final class SessionTask extends DatagramRun {
  private final SessionHandler handler;
  private final DatagramSession session;
  private final int openedAt;
  private final PeerKey key;

  /** The sessions of its socket, of which it is one until it is over. */
  private final ConcurrentMap<PeerKey, SessionTask> table;

  SessionTask(
      ConnectionContext context,
      DatagramListener listener,
      SessionHandler handler,
      DatagramSession session,
      PeerKey key,
      ConcurrentMap<PeerKey, SessionTask> table) {
    super(context, listener, session.remoteAddress());
    this.key = key;
    this.handler = handler;
    this.session = session;
    this.table = table;
    this.openedAt = context.ticks().now();
  }

  @Override
  CloseReason work() throws Exception {
    context().events().tell(new ServerEvent.SessionOpened(session));
    handler.handle(session);
    CloseReason ended = session.endedBy();
    return ended != null ? ended : new CloseReason.Finished();
  }

  @Override
  void ended(CloseReason why) {
    listener().drop(DatagramDrop.UNREAD, session.close());
    Duration age = Duration.ofMillis((long) (context().ticks().now() - openedAt) * Ticks.MILLIS);
    context().events().tell(new ServerEvent.SessionClosed(session, why, age));
  }

  @Override
  void check(TimeCheck limits, int now) {
    if (session.endIfIdle(limits, now, listener().isCrowded())) {
      listener().madeRoom();
      // What comes from now on begins another session.
      remove();
    }
  }

  @Override
  void remove() {
    table.remove(key, this);
  }

  DatagramSession session() {
    return session;
  }

  /** Ends the session if it waits for something new, because the server drains. */
  void drain() {
    session.end(new CloseReason.Drained());
  }
}
