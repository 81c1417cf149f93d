package io.plainweave.loadtests.plan;

import java.util.PriorityQueue;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * The clients of one machine that all lose their connection in the same moment and come back: each
 * tries, and who is refused waits and tries again. The machine lets in so many each second, and its
 * backlog holds some more. The same seed gives the same run.
 */
final class Reconnection {
  /**
   * When a client tries.
   *
   * @param first the first attempt comes within so many seconds, at random
   * @param base who was refused once waits up to so many seconds, then up to twice as long
   * @param cap the longest that anybody waits
   * @param jitter whether it waits a random part of that, and not all of it
   */
  record BackOff(double first, double base, double cap, boolean jitter) {
    double pause(int refused, RandomGenerator random) {
      double most = Math.min(cap, base * Math.pow(2, Math.min(refused - 1, 30)));
      return jitter ? random.nextDouble() * most : most;
    }
  }

  /**
   * What has become of them.
   *
   * @param half when half of them were back, in seconds
   * @param most when 99 of 100 were
   * @param all when the last was
   * @param attempts how often they have tried, all together
   * @param refused how many of these attempts were in vain
   */
  record Outcome(double half, double most, double all, long attempts, long refused) {}

  private record Attempt(double at, int refused) implements Comparable<Attempt> {
    @Override
    public int compareTo(Attempt other) {
      return Double.compare(at, other.at);
    }
  }

  private Reconnection() {}

  /**
   * Lets them come back.
   *
   * @param clients how many there are
   * @param rate how many the machine lets in each second
   * @param backlog how many wait in it at most
   */
  static Outcome simulate(int clients, double rate, int backlog, BackOff backOff, long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    var attempts = new PriorityQueue<Attempt>(clients);
    for (int i = 0; i < clients; i++) {
      attempts.add(new Attempt(random.nextDouble() * backOff.first(), 0));
    }
    double service = 1 / rate;
    double idleFrom = 0; // when the machine has let in all who wait
    long tried = 0;
    int back = 0;
    double half = 0;
    double most = 0;
    for (Attempt next; (next = attempts.poll()) != null; ) {
      tried++;
      double waiting = Math.max(0, idleFrom - next.at()) * rate;
      if (waiting > backlog) {
        int refused = next.refused() + 1;
        attempts.add(new Attempt(next.at() + backOff.pause(refused, random), refused));
        continue;
      }
      idleFrom = Math.max(idleFrom, next.at()) + service;
      back++;
      if (back == Math.ceilDiv(clients, 2)) {
        half = idleFrom;
      }
      if (back == (int) Math.ceil(clients * 0.99)) {
        most = idleFrom;
      }
    }
    return new Outcome(half, most, idleFrom, tried, tried - clients);
  }
}
