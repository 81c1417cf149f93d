package io.plainweave.loadtests.havoc;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.process.AskedProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Deals the blows that are aimed at one conversation each. For one thread. */
final class Aimed implements Runnable {
  private static final Duration TO_ANSWER = Duration.ofSeconds(60);
  private static final int MOST_PAUSE_MILLIS = 60;

  private final AskedProcess server;
  private final Customers customers;
  private final BlowCounts counts;
  private final Random random;
  private final List<Blow> blows = new ArrayList<>();
  private volatile boolean over;

  Aimed(
      AskedProcess server,
      Customers customers,
      BlowCounts counts,
      Map<Blow, String> missing,
      long seed) {
    this.server = server;
    this.customers = customers;
    this.counts = counts;
    random = new Random(seed);
    for (Blow blow : Blow.values()) {
      if (blow.isAimed() && !missing.containsKey(blow)) {
        blows.add(blow);
      }
    }
  }

  /** Lets it end: it is not interrupted, since an answer of the server may be due. */
  void end() {
    over = true;
  }

  @Override
  public void run() {
    try {
      while (!over && !blows.isEmpty()) {
        Thread.sleep(1 + random.nextInt(MOST_PAUSE_MILLIS));
        Blow blow = blows.get(random.nextInt(blows.size()));
        double which = random.nextDouble();
        List<Conversation> all = targets(blow);
        if (!all.isEmpty()) {
          deal(blow, all.get((int) (which * all.size())));
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError("nobody has this thread to interrupt it", e);
    } catch (IOException | RunFailed e) {
      counts.note("the server says nothing any more: " + e);
    }
  }

  private List<Conversation> targets(Blow blow) {
    List<Conversation> targets = new ArrayList<>();
    for (Conversation one : customers.active()) {
      boolean fits =
          switch (blow) {
            case INTERRUPT_CLIENT, RESET_BY_CLIENT, CUT_BY_CLIENT -> one.wire != null;
            default -> one.wire != null && one.work.isTcp();
          };
      if (fits && one.blow == null) {
        targets.add(one);
      }
    }
    return targets;
  }

  private void deal(Blow blow, Conversation target) throws IOException, InterruptedException {
    Wire wire = target.wire;
    target.blow = blow;
    counts.deals(blow, target.toString());
    switch (blow) {
      case INTERRUPT_CLIENT -> target.interrupt();
      case RESET_BY_CLIENT -> quietly(wire::reset);
      case CUT_BY_CLIENT -> quietly(wire::cut);
      case INTERRUPT_HANDLER -> ask("interrupt " + wire.name());
      case END_BY_OPERATOR -> ask("end " + wire.name());
      case RESET_BY_OPERATOR -> ask("reset " + wire.name());
      case KILL_SOCKET -> {
        String[] ports = wire.name().split("/");
        if (random.nextBoolean()) {
          Means.kill(ports[0], ports[1]);
        } else {
          Means.kill(ports[1], ports[0]);
        }
      }
      default -> throw new IllegalArgumentException(blow.name());
    }
  }

  private void ask(String line) throws IOException, InterruptedException {
    counts.note("  " + line + ": " + server.ask(line, TO_ANSWER));
  }

  private interface Step {
    void run() throws IOException;
  }

  /** It may have ended by itself meanwhile. */
  private static void quietly(Step step) {
    try {
      step.run();
    } catch (IOException e) {
      // It has.
    }
  }
}
