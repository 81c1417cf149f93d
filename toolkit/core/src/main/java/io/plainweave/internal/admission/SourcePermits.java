package io.plainweave.internal.admission;

import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Refusal;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.connection.SocketConnection.SourceCount;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Lets sources in by the rules, and counts their connections where a rule limits them. */
final class SourcePermits {
  /** That of the {@link Admission}: permits are taken and given back as one. */
  private final ReentrantLock lock;

  /** Guarded by lock. */
  private final SourceCounts counts = new SourceCounts();

  /** Guarded by lock. */
  private AdmissionRules rules;

  /** The lists of the rules; written under lock. */
  private volatile AccessList access;

  /**
   * Whether sources are counted: from the first rule on that limits them, to the end. Written under
   * lock.
   */
  private volatile boolean counting;

  SourcePermits(ReentrantLock lock, AdmissionRules rules) {
    this.lock = lock;
    this.rules = rules;
    this.access = AccessList.of(rules);
  }

  /** Replaces the rules; the caller has the lock. */
  void apply(AdmissionRules next) {
    if (!next.sourceRate().equals(rules.sourceRate())) {
      counts.forgetRates();
    }
    rules = next;
    access = AccessList.of(next);
    counting |= next.maxPerSource() != 0 || next.maxPerNetwork() != 0;
  }

  /** Where the client comes from; null on a Unix-domain socket. */
  static @Nullable InetAddress source(SocketConnection connection) {
    return connection.remoteAddress() instanceof InetSocketAddress inet ? inet.getAddress() : null;
  }

  /** Whether nobody from there is to be served. */
  boolean denies(InetAddress source) {
    return access.denies(source);
  }

  /**
   * Takes the permit for a connection, unless it has none to take; the caller has the lock.
   *
   * @return why it is refused, or null if it is not
   */
  @Nullable Refusal take(SocketConnection connection, InetAddress source) {
    Refusal refusal =
        access.exempts(source) ? null : counts.refusal(rules, source, System.nanoTime());
    if (refusal == null) {
      connection.sourceAdmitted = true;
      count(connection);
    }
    return refusal;
  }

  /** Counts a connection that was let in, unless it is counted or need not be. */
  void count(SocketConnection connection) {
    if (!counting) {
      return;
    }
    lock.lock();
    try {
      InetAddress source = source(connection);
      if (source != null
          && connection.sourceAdmitted
          && connection.sourceCount == null
          && !access.exempts(source)) {
        connection.sourceCount = counts.add(source);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes the permit back, allocating nothing; the caller has the lock. */
  void release(SocketConnection connection) {
    SourceCount count = connection.sourceCount;
    connection.sourceCount = null;
    connection.sourceAdmitted = false;
    if (count != null) {
      counts.remove(count);
    }
  }

  /** How many sources and networks are known to have connections. */
  int known() {
    lock.lock();
    try {
      return counts.size();
    } finally {
      lock.unlock();
    }
  }
}
