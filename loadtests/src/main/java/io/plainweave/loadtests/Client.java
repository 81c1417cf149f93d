package io.plainweave.loadtests;

import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** The client of a run, in a process of its own: does on its connections what it is ordered. */
@Command(name = Client.NAME, hidden = true, description = "Runs one client of a run.")
final class Client implements Callable<Integer> {
  static final String NAME = "client";

  private static final Duration TICK = Duration.ofMillis(100);

  // All confined to the thread that runs the command.
  private ClientLoop loop;
  private Control control;
  private int done; // connections that have done what the current or the last phase asks
  private Notice.Progress told;
  private long nextProgress = System.nanoTime();
  private final Set<Failure> toldFailures = EnumSet.noneOf(Failure.class);

  @Override
  public Integer call() throws IOException {
    try (ClientLoop ownLoop = new ClientLoop();
        Control ownControl = Control.open(ownLoop::wakeup)) {
      loop = ownLoop;
      control = ownControl;
      control.tell(new Notice.Ready());
      while (true) {
        switch (await()) {
          case Order.Ramp ramp -> ramp(ramp);
          case Order.Sweep sweep -> sweep(sweep);
          case Order.ExpectEnd expectEnd -> expectEnd(expectEnd);
          case Order.Measure _, Order.Drain _ ->
              throw new IllegalStateException("an order for a server reached a client");
        }
      }
    }
  }

  /** Looks after the idle connections until an order comes. */
  private Order await() throws IOException {
    Optional<Order> order;
    while ((order = control.poll()).isEmpty()) {
      poll();
    }
    return order.get();
  }

  private void ramp(Order.Ramp order) throws IOException {
    Destinations destinations = new Destinations(order.destinations(), order.port());
    int next = order.first();
    int end = order.first() + order.count();
    while (next < end || loop.inFlight() > 0) {
      // A message in flight counts too: a connection that is still in the backlog cannot answer, so
      // the window bounds the backlog.
      while (next < end && loop.inFlight() < order.window()) {
        loop.connect(next, destinations.of(next));
        next++;
      }
      done = loop.answered();
      poll();
    }
    finish(loop.answered());
  }

  private void sweep(Order.Sweep order) throws IOException {
    int before = loop.answered();
    int next = 0;
    while (next < loop.connections().size() || loop.inFlight() > 0) {
      while (next < loop.connections().size() && loop.inFlight() < order.window()) {
        ClientConnection connection = loop.connections().get(next);
        if (connection.state == ClientConnection.State.IDLE) {
          loop.exchange(connection);
        }
        next++;
      }
      done = loop.answered() - before;
      poll();
    }
    finish(loop.answered() - before);
  }

  private void expectEnd(Order.ExpectEnd order) throws IOException {
    loop.expectEnd();
    control.tell(new Notice.EndExpected());
    long deadline = System.nanoTime() + order.limit().toNanos();
    while (loop.open() > 0 && System.nanoTime() - deadline < 0) {
      done = loop.ended();
      poll();
    }
    loop.failRemaining();
    finish(loop.ended());
  }

  private void poll() throws IOException {
    loop.poll(TICK);
    if (System.nanoTime() - nextProgress >= 0) {
      nextProgress = System.nanoTime() + TICK.toNanos();
      tell();
    }
  }

  /** Tells what is new. */
  private void tell() {
    Notice.Progress now = new Notice.Progress(done, loop.open(), loop.failures().total());
    if (!now.equals(told)) {
      told = now;
      control.tell(now);
    }
    loop.failures()
        .first()
        .forEach((kind, text) -> {
          if (toldFailures.add(kind)) {
            control.tell(new Notice.FirstFailure(kind, text));
          }
        });
  }

  private void finish(int total) {
    done = total;
    told = null; // the phase's last state is told in any case
    tell();
    control.tell(new Notice.Done(done, loop.failures().counts(), loop.takeLatencies()));
  }
}
