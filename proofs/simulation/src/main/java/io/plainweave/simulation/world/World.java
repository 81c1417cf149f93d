package io.plainweave.simulation.world;

import io.plainweave.internal.socket.Surroundings;
import io.plainweave.simulation.machine.Machine;
import io.plainweave.simulation.machine.Seams;
import io.plainweave.testing.Link;
import io.plainweave.testing.SimulatedNetwork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** What a workload lives in: a network, chance, actors, and what has gone wrong. */
public final class World {
  /** What an actor does. */
  @FunctionalInterface
  public interface Work {
    void run() throws Exception;
  }

  private final Machine machine;
  private final Weather weather;
  private final SimulatedNetwork network;
  private final List<String> failures = new ArrayList<>();
  private boolean roomy;
  private final List<CountDownLatch> actors = new ArrayList<>();

  /** Makes the world of a seed, on the machine that runs. */
  public World() {
    machine = Machine.current();
    weather = Weather.choose(machine.random());
    network = new SimulatedNetwork(machine::nanoTime, machine::after, this::link);
  }

  public Machine machine() {
    return machine;
  }

  public Weather weather() {
    return weather;
  }

  public SimulatedNetwork network() {
    return network;
  }

  public Random random() {
    return machine.random();
  }

  private Link link() {
    Link link = weather.link(machine.random());
    return roomy ? link.bufferBytes(1 << 16) : link;
  }

  /** Gives connections that begin from now on room for much. */
  public void makeRoom() {
    roomy = true;
  }

  // What goes wrong

  /** Notes that something is not as it must be. */
  public void fail(String what) {
    machine.note("WRONG: " + what);
    failures.add(what);
  }

  /** The same unless it is as it must be. */
  public void check(boolean holds, String what) {
    if (!holds) {
      fail(what);
    }
  }

  public List<String> failures() {
    return failures;
  }

  // Who does something

  /** Starts an actor, which lives in the network. What it throws is a failure. */
  public CountDownLatch start(String name, Work work) {
    Surroundings surroundings = network.surroundings();
    var over = new CountDownLatch(1);
    actors.add(over);
    Seams.ofVirtual()
        .name(name)
        .start(() -> {
          try {
            surroundings.call(() -> {
              run(name, work);
              return over;
            });
          } catch (Exception e) {
            fail(name + " failed: " + e);
          } finally {
            over.countDown();
          }
        });
    return over;
  }

  private void run(String name, Work work) {
    try {
      work.run();
    } catch (Throwable e) {
      StackTraceElement[] stack = e.getStackTrace();
      fail(name + " failed: " + e + (stack.length > 0 ? " at " + stack[0] : ""));
    }
  }

  /** Waits until all actors have ended, those that they have started among them, but one. */
  public void awaitOthers(CountDownLatch one) throws InterruptedException {
    for (int i = 0; i < actors.size(); i++) {
      if (actors.get(i) != one) {
        actors.get(i).await();
      }
    }
  }

  /** Lets time pass for the calling thread. */
  public void sleep(Duration time) {
    long end = machine.nanoTime() + time.toNanos();
    for (long left; (left = end - machine.nanoTime()) > 0; ) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
      LockSupport.parkNanos(left);
    }
  }

  /** The same for some time, up to so much. */
  public void sleepUpTo(Duration most) {
    if (random().nextInt(3) > 0) {
      sleep(Duration.ofNanos((long) (most.toNanos() * Math.pow(random().nextDouble(), 4))));
    }
  }

  /** Lets others have some turns. */
  @SuppressWarnings("ThreadPriorityCheck") // the turns of the simulation
  public void giveWay() {
    for (int i = random().nextInt(8); i > 0; i--) {
      Thread.yield();
    }
  }

  /** Waits until something is so; false if it was not within the time. */
  public boolean await(Duration most, BooleanSupplier what) {
    long end = machine.nanoTime() + most.toNanos();
    while (!what.getAsBoolean()) {
      if (machine.nanoTime() - end >= 0) {
        return false;
      }
      sleep(Duration.ofMillis(20));
    }
    return true;
  }

  /** From so many to so many, both included. */
  public int between(int least, int most) {
    return least + random().nextInt(most - least + 1);
  }

  /** Once in so many times. */
  public boolean oneIn(int times) {
    return random().nextInt(times) == 0;
  }
}
