package io.plainweave.simulation.workload;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Client;
import io.plainweave.client.ConnectionPool;
import io.plainweave.client.Connector;
import io.plainweave.client.PoolLimits;
import io.plainweave.server.Server;
import io.plainweave.simulation.world.World;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Many borrow the connections of a small pool, ask and get an answer. Nobody gets the answer to
 * another's question; no more are lent than there are; and when all have been given back, in
 * whatever state, as many can be lent as at first.
 */
public final class Borrowers implements Workload {
  private static final int PORT = 4_000;
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SHORT = Duration.ofSeconds(2);

  private World world;
  private Client client;
  private int maxOpen;
  private int lent;

  @Override
  public void run(World world) throws Exception {
    this.world = world;
    maxOpen = world.between(1, 4);
    boolean calm = world.weather().calm();
    var census = new Census(world, Integer.MAX_VALUE, 0);
    TimeLimits limits =
        calm
            ? TimeLimits.NONE.linger(LONG)
            : TimeLimits.DEFAULT.firstByte(SHORT).idle(SHORT).writeStall(SHORT);
    Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", PORT))
            .handler(census.watching(this::answer))
            .timeLimits(limits)
            .drainTimeout(SHORT)
            .eventLoops(0)
            .stopOnSignal(false)
            .observer(census)
            .start();
    PoolLimits pooled =
        PoolLimits.DEFAULT
            .maxOpen(maxOpen)
            .maxIdle(world.between(1, maxOpen))
            .borrowTimeout(calm ? LONG : SHORT);
    boolean[] over = new boolean[1];
    try (Client client = Client.open(limits);
        var pool = new ConnectionPool(Connector.tcp("127.0.0.1", PORT), pooled)) {
      this.client = client;
      var weather = world.start("weather", () -> world.weather().blow(world, () -> !over[0]));
      for (int i = world.between(1, 8); i > 0; i--) {
        world.start("borrower " + i, () -> borrowOften(pool));
      }
      world.awaitOthers(weather);
      over[0] = true;
      weather.await();
      probe(pool);
    }
    server.drain();
    server.close();
    census.verify(server);
    world.check(
        world.network().openConnections() == 0,
        world.network().openConnections() + " connections are open at the end");
    world.network().forgetEnded();
  }

  private void answer(Connection connection) throws IOException {
    byte[] question = new byte[8];
    while (connection.input().readNBytes(question, 0, 8) == 8) {
      long asked = ByteBuffer.wrap(question).getLong();
      if (asked % 16 == 5) {
        return; // the connection is of no use any more, which its borrower may not have seen
      }
      connection.output().write(ByteBuffer.allocate(8).putLong(~asked).array());
      connection.output().flush();
    }
  }

  private void borrowOften(ConnectionPool pool) throws InterruptedException {
    for (int i = world.between(1, 12); i > 0; i--) {
      try (ConnectionPool.Lease lease = client.borrow(pool)) {
        world.check(++lent <= maxOpen, lent + " are lent, more than " + maxOpen);
        try {
          use(lease);
        } finally {
          lent--;
        }
      } catch (IOException e) {
        world.check(e instanceof EndException || !world.weather().calm(), "no answer: " + e);
      }
      world.sleepUpTo(Duration.ofMillis(100));
    }
  }

  /** The server has ended the connection instead of an answer. */
  private static final class EndException extends IOException {}

  private void use(ConnectionPool.Lease lease) throws IOException {
    Connection connection = lease.connection();
    long question = world.random().nextLong() >>> 1;
    try {
      ask(connection, question);
    } catch (IOException e) {
      throw question % 16 == 5 ? new EndException() : e;
    }
    if (world.oneIn(4)) {
      return; // without giving it back
    }
    if (world.oneIn(4)) {
      world.start("another", lease::close); // while it is given back
    }
    lent--; // by the call
    try {
      lease.giveBack();
    } finally {
      lent++;
    }
  }

  private void ask(Connection connection, long question) throws IOException {
    connection.output().write(ByteBuffer.allocate(8).putLong(question).array());
    connection.output().flush();
    world.sleepUpTo(Duration.ofMillis(50));
    byte[] answer = connection.input().readNBytes(8);
    if (answer.length < 8) {
      throw new IOException("the server has ended the connection");
    }
    world.check(
        ByteBuffer.wrap(answer).getLong() == ~question, "somebody else's answer to " + question);
  }

  /** Whether as many can be borrowed as at first. */
  private void probe(ConnectionPool pool) throws InterruptedException {
    List<ConnectionPool.Lease> leases = new ArrayList<>();
    try {
      for (int i = 0; i < maxOpen; i++) {
        leases.add(client.borrow(pool));
      }
    } catch (IOException e) {
      world.fail("of %d only %d can be lent: %s".formatted(maxOpen, leases.size(), e));
    } finally {
      leases.forEach(ConnectionPool.Lease::close);
    }
  }
}
