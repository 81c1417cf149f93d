package io.plainweave.internal.admission;

import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Refusal;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Ticks;
import io.plainweave.status.ListenerName;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets connections in by the {@link AdmissionRules}, and counts them exactly: a permit of the
 * server, of the listener and of the source is taken as one before a handler runs, and given back
 * as one when the handler has returned and the socket is closed. The descriptor of a connection
 * that has waited is given back by its poller, a moment later: the reserve of {@link Descriptors}
 * covers that.
 */
public final class Admission {
  /** What becomes of an accepted connection. */
  public sealed interface Verdict {
    /** It has its permits. */
    record Admitted() implements Verdict {}

    /** It has none and is to be turned away. */
    record Refused(Refusal reason) implements Verdict {}

    /** The server has ended meanwhile. */
    record Closed() implements Verdict {}

    Verdict ADMITTED = new Admitted();
    Verdict CLOSED = new Closed();
  }

  private final ConnectionRegistry registry;
  private final ServerObserver observer;
  private final Descriptors descriptors;
  private final Refusals refusals;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Written under lock. */
  private volatile AdmissionRules rules = AdmissionRules.DEFAULT;

  private final SourcePermits sources;

  /** For the rate of all connections; guarded by lock. */
  private TokenBucket tokens = new TokenBucket(System.nanoTime());

  /** How many connections there may be, by the rules and by the descriptors; guarded by lock. */
  private int maximum;

  /** Guarded by lock. */
  private int connections;

  /** Guarded by lock. */
  private boolean suspended;

  /** How many connections there may be by the memory; guarded by lock. */
  private int memoryMaximum = MemoryWatch.NO_LIMIT;

  private final List<ListenerLimit> listeners = new CopyOnWriteArrayList<>();

  // For the reaper's thread only.
  private final MemoryWatch memory = new MemoryWatch();
  private final AdmissionAlarms alarms = new AdmissionAlarms();

  public Admission(
      AdmissionRules rules,
      ConnectionRegistry registry,
      Ticks ticks,
      ServerObserver observer,
      Descriptors descriptors) {
    this.registry = registry;
    this.observer = observer;
    this.descriptors = descriptors;
    this.refusals = new Refusals(ticks, observer);
    this.sources = new SourcePermits(lock, rules);
    apply(rules);
  }

  /**
   * Adds a listener before it accepts, and returns its limit.
   *
   * @param address where it is, or the first of its addresses
   */
  public ListenerLimit add(Listen listen, SocketAddress address) {
    var limit = new ListenerLimit(listen, address);
    listeners.add(limit);
    return limit;
  }

  /** Forgets a listener that was taken away; its connections go on, and give back their permits. */
  public void remove(ListenerLimit limit) {
    listeners.remove(limit);
  }

  /** Those of all listeners there are. */
  public List<ListenerName> listenerNames() {
    return listeners.stream().map(ListenerLimit::name).toList();
  }

  // The rules

  public AdmissionRules rules() {
    return rules;
  }

  /** Replaces the rules, and counts the sources of open connections if that was not done before. */
  public void change(AdmissionRules rules) {
    apply(rules);
    registry.forEach(sources::count);
    reportIfLimited();
  }

  private void apply(AdmissionRules next) {
    lock.lock();
    try {
      if (!next.acceptRate().equals(rules.acceptRate())) {
        tokens = new TokenBucket(System.nanoTime());
      }
      rules = next;
      sources.apply(next);
      maximum = Math.min(wanted(next), descriptors.connections());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static int wanted(AdmissionRules rules) {
    return rules.maxConnections() == 0 ? Integer.MAX_VALUE : rules.maxConnections();
  }

  /** Tells if the descriptors allow fewer connections than the rules. */
  public void reportIfLimited() {
    int wanted = wanted(rules);
    if (wanted > descriptors.connections()) {
      observer.onEvent(
          new ServerEvent.ConnectionsLimited(
              wanted, descriptors.connections(), descriptors.limit()));
    }
  }

  /** Replaces the maximum of a listener. */
  public void change(ListenerLimit listener, int maximum) {
    lock.lock();
    try {
      listener.change(maximum);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The maximum of a listener, or zero for none. */
  public int maximum(ListenerLimit listener) {
    lock.lock();
    try {
      return listener.maximum == Integer.MAX_VALUE ? 0 : listener.maximum;
    } finally {
      lock.unlock();
    }
  }

  /** Lets everybody wait for a permit until it is resumed. */
  public void suspend(boolean suspended) {
    lock.lock();
    try {
      this.suspended = suspended;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether everybody waits. */
  public boolean isSuspended() {
    lock.lock();
    try {
      return suspended;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets nobody wait for the rate at a listener any more: what is in the backlog when it finishes
   * has to be accepted now, or it is reset.
   */
  public void finish(ListenerLimit listener) {
    lock.lock();
    try {
      listener.finishing = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends every wait at a listener: whoever waits in vain gets no permit any more. */
  public void close(ListenerLimit listener) {
    lock.lock();
    try {
      listener.closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // For acceptors

  /**
   * Waits until a listener may accept. It takes nothing yet, so that connections beyond a limit
   * wait in the kernel's backlog, and an acceptor that waits for one holds nothing that others
   * need.
   *
   * @return false when it is closed
   */
  public boolean awaitTurn(ListenerLimit listener) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      for (long wait; !listener.closed && (wait = nanosToTurn(listener)) > 0; ) {
        changed.awaitNanos(wait);
      }
      return !listener.closed;
    } finally {
      lock.unlock();
    }
  }

  /** Waits; whether the listener finishes or has closed, which ends the wait. */
  public boolean finishesWithin(ListenerLimit listener, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      for (long left = nanos; !listener.finishing && !listener.closed && left > 0; ) {
        left = changed.awaitNanos(left);
      }
      return listener.finishing || listener.closed;
    } finally {
      lock.unlock();
    }
  }

  /** The greatest value until something changes. */
  private long nanosToTurn(ListenerLimit listener) {
    if (isSuspended(listener)
        || (isFull(listener) && rules.whenFull() == AdmissionRules.WhenFull.WAIT)) {
      return Long.MAX_VALUE;
    }
    return listener.finishing || listener.isAdmin() || rules.acceptRate().isUnlimited()
        ? 0
        : tokens.nanosToNext(rules.acceptRate(), System.nanoTime());
  }

  private boolean isSuspended(ListenerLimit listener) {
    return suspended && !listener.isAdmin();
  }

  private boolean isFull(ListenerLimit listener) {
    boolean full = !listener.isAdmin() && connections >= Math.min(maximum, memoryMaximum);
    return full || listener.isFull();
  }

  /**
   * Takes the permits for a connection, after a wait if another acceptor was faster. Where a
   * handshake tells who the client is, that of the source is left to {@link #admitSource}.
   */
  public Verdict admit(SocketConnection connection, ListenerLimit listener)
      throws InterruptedException {
    InetAddress source =
        connection.home().handshake().tellsSource() ? null : SourcePermits.source(connection);
    lock.lockInterruptibly();
    try {
      boolean open = awaitTurn(listener);
      // Not before, since the rules may have changed while it waited.
      if (source != null && isDenied(source)) {
        return new Verdict.Refused(Refusal.DENIED);
      }
      if (isFull(listener) || isSuspended(listener)) {
        return open ? new Verdict.Refused(Refusal.FULL) : Verdict.CLOSED;
      }
      Refusal refusal =
          source == null || listener.isAdmin() ? null : sources.take(connection, source);
      if (refusal != null) {
        return new Verdict.Refused(refusal);
      }
      if (!listener.isAdmin() && !rules.acceptRate().isUnlimited()) {
        tokens.take(rules.acceptRate(), System.nanoTime());
      }
      connection.admitted = true;
      listener.connections++;
      connections += countOf(listener);
      return Verdict.ADMITTED;
    } finally {
      lock.unlock();
    }
  }

  /** Counts the source of a connection that is in the registry now, if it was too late for that. */
  public void registered(SocketConnection connection) {
    sources.count(connection);
  }

  /**
   * Takes the permit of the source for a connection that has all others, once its handshake has
   * told who the client is.
   *
   * @return why it is to be turned away, or null if it is not
   */
  public @Nullable Refusal admitSource(SocketConnection connection, ListenerLimit listener) {
    InetAddress source = SourcePermits.source(connection);
    if (source == null) {
      return null;
    }
    if (isDenied(source)) {
      return Refusal.DENIED;
    }
    lock.lock();
    try {
      return listener.isAdmin() ? null : sources.take(connection, source);
    } finally {
      lock.unlock();
    }
  }

  /** What a connection of the listener counts for in the limit of the server. */
  private static int countOf(ListenerLimit listener) {
    return listener.isAdmin() ? 0 : 1;
  }

  /** Whether nobody from there is to be served. */
  public boolean isDenied(InetAddress source) {
    return sources.denies(source);
  }

  /**
   * Takes back all permits that a connection has; a second time it has none. It allocates nothing,
   * since a permit that is not given back for want of memory would be lost for ever.
   *
   * @param listener of a connection that was accepted
   */
  public void release(SocketConnection connection, @Nullable ListenerLimit listener) {
    lock.lock();
    try {
      sources.release(connection);
      if (connection.admitted && listener != null) {
        connection.admitted = false;
        listener.connections--;
        connections -= countOf(listener);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  public Refusals refusals() {
    return refusals;
  }

  // What there is to know

  /** How many connections of the service have permits. */
  public int connections() {
    lock.lock();
    try {
      return connections;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until no more connections of the service have permits; false if the time is over. */
  public boolean awaitConnections(int most, long nanos) throws InterruptedException {
    if (most < 0) {
      throw new IllegalArgumentException("most must not be negative: " + most);
    }
    lock.lockInterruptibly();
    try {
      for (long left = nanos; connections > most && left > 0; ) {
        left = changed.awaitNanos(left);
      }
      return connections <= most;
    } finally {
      lock.unlock();
    }
  }

  /** How many sources and networks are known to have connections. */
  public int knownSources() {
    return sources.known();
  }

  /** Tells what there is to tell; called by the reaper. */
  public void check(int now) {
    refusals.check(now);
    int most = memory.maximum(connections(), now);
    lock.lock();
    try {
      if (memoryMaximum != most) {
        memoryMaximum = most;
        changed.signalAll();
      }
      alarms.checkMemory(connections, most, now);
      alarms.check(connections, rules.alarmAt(), maximum, now);
      for (ListenerLimit limit : listeners) {
        alarms.check(limit, now);
      }
    } finally {
      lock.unlock();
    }
    alarms.tell(observer);
  }
}
