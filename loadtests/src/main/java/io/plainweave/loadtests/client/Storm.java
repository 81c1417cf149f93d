package io.plainweave.loadtests.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/**
 * All connections are reset at once and come back as fast as they can, however many are on their
 * way: a thundering herd. A latency counts from the cut to the last byte of the connection's first
 * answer.
 *
 * <p>Belongs to the thread of its {@link ClientLoop}.
 */
final class Storm implements Behaviour {
  /** Connects in a row: each connection is to send its message as soon as it is there. */
  private static final int BURST = 64;

  private final ClientLoop loop;
  private final List<InetSocketAddress> targets;
  private final Queue<Integer> away = new ArrayDeque<>(); // numbers of the connections to come back
  private final long answeredBefore;
  private final long cut;

  Storm(ClientLoop loop, Duration limit, List<InetSocketAddress> targets) throws IOException {
    this.loop = loop;
    this.targets = targets;
    this.answeredBefore = loop.answered();
    loop.connections().forEach(connection -> away.add(connection.number));
    loop.setPatience(limit);
    this.cut = System.nanoTime();
    loop.resetAll();
  }

  @Override
  public void act() {
    for (int i = 0; i < BURST && !away.isEmpty(); i++) {
      int number = away.remove();
      loop.connect(number, targets.get(number % targets.size()), cut);
    }
  }

  @Override
  public Duration untilNext() {
    return away.isEmpty() ? Duration.ofSeconds(1) : Duration.ZERO;
  }

  @Override
  public boolean isOver() {
    return away.isEmpty() && loop.inFlight() == 0;
  }

  @Override
  public long done() {
    return loop.answered() - answeredBefore;
  }
}
