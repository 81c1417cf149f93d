package io.plainweave.jmx;

import io.plainweave.TimeLimits;
import io.plainweave.server.Server;
import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.LiveConnection;
import io.plainweave.status.ServerStatus;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;

/** Answers JMX clients. A client asks for one attribute after the other: they share a status. */
final class ServerBean implements ServerMXBean {
  private static final long LIFETIME = Duration.ofMillis(500).toNanos();

  private record Limit(
      Function<TimeLimits, Duration> get, BiFunction<TimeLimits, Duration, TimeLimits> with) {}

  private static final Map<String, Limit> LIMITS = limits();

  private final Server server;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private ServerStatus latest;
  private long takenAt = System.nanoTime();

  ServerBean(Server server) {
    this.server = server;
    latest = server.live().status();
  }

  private static Map<String, Limit> limits() {
    Map<String, Limit> limits = new LinkedHashMap<>();
    limits.put("handshake", new Limit(TimeLimits::handshake, TimeLimits::handshake));
    limits.put("firstByte", new Limit(TimeLimits::firstByte, TimeLimits::firstByte));
    limits.put("message", new Limit(TimeLimits::message, TimeLimits::message));
    limits.put("idle", new Limit(TimeLimits::idle, TimeLimits::idle));
    limits.put("silence", new Limit(TimeLimits::silence, TimeLimits::silence));
    limits.put("writeStall", new Limit(TimeLimits::writeStall, TimeLimits::writeStall));
    limits.put("halfClosed", new Limit(TimeLimits::halfClosed, TimeLimits::halfClosed));
    limits.put("lifetime", new Limit(TimeLimits::lifetime, TimeLimits::lifetime));
    limits.put("linger", new Limit(TimeLimits::linger, TimeLimits::linger));
    return limits;
  }

  private ServerStatus status() {
    lock.lock();
    try {
      long now = System.nanoTime();
      if (now - takenAt > LIFETIME) {
        takenAt = now;
        latest = server.live().status();
      }
      return latest;
    } finally {
      lock.unlock();
    }
  }

  private static <K, V> Map<String, V> named(Map<K, V> figures, Function<K, String> name) {
    Map<String, V> named = new TreeMap<>();
    figures.forEach((key, value) -> named.put(name.apply(key), value));
    return named;
  }

  @Override
  public String getState() {
    return server.state().name();
  }

  @Override
  public int getOpenConnections() {
    return status().totalOpen();
  }

  @Override
  public Map<String, Integer> getOpenConnectionsByState() {
    return named(status().open(), Enum::name);
  }

  @Override
  public Map<String, Integer> getOpenConnectionsByListener() {
    return named(status().openByListener(), listener -> listener.name());
  }

  @Override
  public int getOutboundConnections() {
    return status().outbound();
  }

  @Override
  public long getAcceptedConnections() {
    return status().accepted();
  }

  @Override
  public Map<String, Long> getRefusedConnections() {
    return named(status().refused(), Enum::name);
  }

  @Override
  public Map<String, Long> getClosedConnections() {
    return named(status().closed(), Class::getSimpleName);
  }

  @Override
  public long getPassedHandshakes() {
    return status().handshakesPassed();
  }

  @Override
  public long getFailedHandshakes() {
    return status().handshakesFailed();
  }

  @Override
  public long getReceivedBytes() {
    return status().received();
  }

  @Override
  public long getSentBytes() {
    return status().sent();
  }

  @Override
  public int getEventLoops() {
    return status().threads().eventLoops();
  }

  @Override
  public int getEventLoopThreads() {
    return status().threads().loopThreads();
  }

  @Override
  public long getEventLoopMillis() {
    return status().threads().loopTime().toMillis();
  }

  @Override
  public long getQueuedThreads() {
    return status().threads().queued();
  }

  @Override
  public long getMessages() {
    return status().times().messages().total();
  }

  @Override
  public long getWriteStalls() {
    return status().writeStalls();
  }

  @Override
  public Map<String, Long> getTimeLimitMillis() {
    TimeLimits now = server.timeLimits();
    Map<String, Long> millis = new TreeMap<>();
    LIMITS.forEach((name, limit) -> millis.put(name, limit.get.apply(now).toMillis()));
    return millis;
  }

  @Override
  public List<String> listConnections(int most) {
    if (most < 0) {
      throw new IllegalArgumentException("most must not be negative: " + most);
    }
    return server
        .live()
        .connections()
        .sorted(Comparator.comparing(ConnectionStatus::inState).reversed())
        .limit(most)
        .map(ConnectionStatus::toString)
        .toList();
  }

  @Override
  public boolean endConnection(long id, String reason) {
    return with(id, connection -> connection.end(reason));
  }

  @Override
  public boolean resetConnection(long id, String reason) {
    return with(id, connection -> connection.reset(reason));
  }

  private boolean with(long id, Predicate<LiveConnection> action) {
    return server.live().connection(id).filter(action).isPresent();
  }

  @Override
  public void changeTimeLimit(String name, long millis) {
    Limit limit = LIMITS.get(name);
    if (limit == null) {
      throw new IllegalArgumentException(
          "no time limit " + name + "; there are " + String.join(", ", LIMITS.keySet()));
    }
    server.changeTimeLimits(limit.with.apply(server.timeLimits(), Duration.ofMillis(millis)));
  }

  @Override
  public void suspend() {
    server.suspend();
  }

  @Override
  public void resume() {
    server.resume();
  }

  @Override
  public void drain() {
    server.shutdown();
  }
}
