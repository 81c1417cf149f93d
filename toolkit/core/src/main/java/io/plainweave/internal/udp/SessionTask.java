package io.plainweave.internal.udp;

import io.plainweave.CloseReason;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.admission.PeerKey;
import io.plainweave.internal.time.Ticks;
import io.plainweave.udp.SessionHandler;
import java.time.Duration;
import java.util.concurrent.ConcurrentMap;

/** The run of a handler for one peer. */
final class SessionTask extends DatagramRun {
  private final SessionHandler handler;
  private final PeerSession session;
  private final int openedAt;
  private final PeerKey key;

  /** The sessions of its socket, of which it is one until it is over. */
  private final ConcurrentMap<PeerKey, SessionTask> table;

  SessionTask(
      DatagramHome home,
      DatagramListener listener,
      SessionHandler handler,
      PeerSession session,
      PeerKey key,
      ConcurrentMap<PeerKey, SessionTask> table) {
    super(home, listener, session.remoteAddress());
    this.key = key;
    this.handler = handler;
    this.session = session;
    this.table = table;
    this.openedAt = home.ticks().now();
  }

  @Override
  CloseReason work() throws Exception {
    home().observer().onEvent(new ServerEvent.SessionOpened(session));
    handler.handle(session);
    CloseReason ended = session.endedBy();
    return ended != null ? ended : new CloseReason.Finished();
  }

  @Override
  void ended(CloseReason why) {
    session.close();
    Duration age = Duration.ofMillis((long) (home().ticks().now() - openedAt) * Ticks.MILLIS);
    home().observer().onEvent(new ServerEvent.SessionClosed(session, why, age));
  }

  @Override
  public boolean cancel() {
    boolean cancelled = super.cancel();
    if (cancelled) {
      session.cancel();
    }
    return cancelled;
  }

  @Override
  void check(int idleTicks, int now) {
    if (session.endIfIdle(idleTicks, now, listener().isCrowded())) {
      listener().madeRoom();
      // What comes from now on begins another session.
      remove();
    }
  }

  @Override
  void remove() {
    table.remove(key, this);
  }

  PeerSession session() {
    return session;
  }

  /** Ends the session if it waits for something new, because the server drains. */
  void drain() {
    session.end(new CloseReason.Drained());
  }
}
