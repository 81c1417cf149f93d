package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Control;
import io.plainweave.loadtests.control.Failure;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import io.plainweave.loadtests.control.Target;
import io.plainweave.loadtests.report.Latencies;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The client of a run, in a process of its own: does on its connections what it is ordered. */
@Command(name = "Client", description = "Runs one client of a run.")
public final class Client implements Callable<Integer> {
  /** Runs it and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Client()).execute(args));
  }

  private static final Duration TICK = Duration.ofMillis(100);

  @Option(names = "--dialogue", defaultValue = "ECHO", description = "What connections exchange.")
  private Dialogue dialogue;

  // All confined to the thread that runs the command.
  private ClientLoop loop;
  private Control control;
  private long done; // what the current or the last phase asks, as far as it is done
  private Notice.Progress told;
  private long nextProgress = System.nanoTime();
  private final Set<Failure> toldFailures = EnumSet.noneOf(Failure.class);

  @Override
  public Integer call() throws IOException {
    try (ClientLoop ownLoop = new ClientLoop(dialogue);
        Control ownControl = Control.open(ownLoop::wakeup)) {
      loop = ownLoop;
      control = ownControl;
      control.tell(new Notice.Ready());
      while (true) {
        switch (await()) {
          case Order.Ramp ramp -> ramp(ramp);
          case Order.Sweep sweep -> sweep(sweep);
          case Order.Load order -> lead(new OpenLoad(loop, order.rate(), order.messages()));
          case Order.LoadUntilEnd order -> loadUntilEnd(order);
          case Order.LoadAcrossRestarts order -> loadAcrossRestarts(order);
          case Order.EndLoad() -> throw new IllegalStateException("there is no load to end");
          case Order.Churn churn -> lead(new Churn(loop, churn, addresses(churn.targets())));
          case Order.Storm(Duration limit, List<Target> targets) ->
              lead(new Storm(loop, limit, addresses(targets)));
          case Order.HalfClose halfClose -> halfClose(halfClose);
          case Order.Slow slow -> slow(slow);
          case Order.Broadcast order -> broadcast(order);
          case Order.ExpectPublish(Duration limit) -> expectPublish(limit);
          case Order.ExpectEnd expectEnd -> expectEnd(expectEnd);
          case Order.ToServer _ ->
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
    List<InetSocketAddress> targets = addresses(order.targets());
    int next = order.first();
    int end = order.first() + order.count();
    while (next < end || loop.inFlight() > 0) {
      // A message in flight counts too: a connection that is still in the backlog cannot answer, so
      // the window bounds the backlog.
      while (next < end && loop.inFlight() < order.window()) {
        loop.connect(next, targets.get(next % targets.size()));
        next++;
      }
      done = loop.answered();
      poll();
    }
    finish(loop.answered());
  }

  private void sweep(Order.Sweep order) throws IOException {
    eachIdle(order.window(), loop::exchange, loop::answered);
  }

  private void halfClose(Order.HalfClose order) throws IOException {
    loop.expectEnd(connection -> connection.state == ClientConnection.State.ENDING);
    eachIdle(order.window(), loop::finish, loop::ended);
  }

  /** Does something on every idle connection, on no more at a time than the window allows. */
  private void eachIdle(int window, Consumer<ClientConnection> action, LongSupplier count)
      throws IOException {
    long before = count.getAsLong();
    int next = 0;
    while (next < loop.connections().size() || loop.inFlight() > 0) {
      while (next < loop.connections().size() && loop.inFlight() < window) {
        ClientConnection connection = loop.connections().get(next);
        if (connection.isIdle()) {
          action.accept(connection);
        }
        next++;
      }
      done = count.getAsLong() - before;
      poll();
    }
    finish(count.getAsLong() - before);
  }

  private void lead(Behaviour behaviour) throws IOException {
    while (!behaviour.isOver()) {
      behaviour.act();
      done = behaviour.done();
      poll(behaviour.untilNext());
    }
    finish(behaviour.done());
  }

  private void loadUntilEnd(Order.LoadUntilEnd order) throws IOException {
    LoadUntilEnd load = new LoadUntilEnd(loop, order);
    lead(load);
    control.tell(new Notice.Answered(load.answered(), load.unanswered()));
  }

  private void loadAcrossRestarts(Order.LoadAcrossRestarts order) throws IOException {
    // Nothing else can be ordered meanwhile.
    LoadAcrossRestarts load =
        new LoadAcrossRestarts(
            loop, order, addresses(order.targets()), () -> control.poll().isPresent());
    lead(load);
    control.tell(load.moved());
  }

  private void slow(Order.Slow order) throws IOException {
    try (SlowPeers peers = new SlowPeers(order, addresses(order.targets()))) {
      lead(peers);
    }
  }

  private void broadcast(Order.Broadcast order) throws IOException {
    BroadcastLoad load = new BroadcastLoad(loop, order);
    lead(load);
    control.tell(new Notice.Lasts(load.lasts()));
  }

  private void expectPublish(Duration limit) throws IOException {
    SharedMessage message = new SharedMessage(loop, limit);
    control.tell(new Notice.PublishExpected());
    lead(message);
  }

  private void expectEnd(Order.ExpectEnd order) throws IOException {
    int before = loop.ended();
    loop.expectEnd();
    control.tell(new Notice.EndExpected());
    long deadline = System.nanoTime() + order.limit().toNanos();
    while (loop.open() > 0 && System.nanoTime() - deadline < 0) {
      done = loop.ended() - before;
      poll();
    }
    loop.failRemaining();
    finish(loop.ended() - before);
  }

  private static List<InetSocketAddress> addresses(List<Target> targets) {
    return targets.stream()
        .map(target -> new InetSocketAddress(target.host(), target.port()))
        .toList();
  }

  private void poll() throws IOException {
    poll(TICK);
  }

  private void poll(Duration timeout) throws IOException {
    loop.poll(timeout.compareTo(TICK) < 0 ? timeout : TICK);
    if (System.nanoTime() - nextProgress >= 0) {
      nextProgress = System.nanoTime() + TICK.toNanos();
      tell();
    }
  }

  /** Tells what is new. */
  private void tell() {
    Notice.Progress now =
        new Notice.Progress(done, loop.answered(), loop.open(), loop.failures().total());
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

  private void finish(long total) {
    done = total;
    told = null; // the phase's last state is told in any case
    tell();
    control.tell(
        new Notice.Done(
            done, loop.failures().counts(), new Latencies("phase", loop.takeLatencies())));
  }
}
