package io.plainweave.simulation.workload;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Client;
import io.plainweave.client.Connector;
import io.plainweave.event.ServerEvent;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import io.plainweave.simulation.world.World;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages to a group whose members come and go. What a member gets is in order and has come once;
 * nothing is missing where nothing may be dropped; and nobody counts as slow whose socket has room
 * for all that there is.
 */
public final class Broadcasts implements Workload {
  private static final int PORT = 4_000;
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SHORT = Duration.ofSeconds(2);

  private World world;
  private Outbox.Policy policy;
  private int capacity;
  private final Group group = new Group();
  private final List<Outbox> outboxes = new ArrayList<>();

  @Override
  public void run(World world) throws Exception {
    this.world = world;
    world.makeRoom();
    Outbox.Policy[] policies = Outbox.Policy.values();
    policy = policies[world.random().nextInt(policies.length)];
    capacity = world.between(1, 4);
    boolean calm = world.weather().calm();
    TimeLimits limits =
        calm
            ? TimeLimits.NONE.linger(LONG)
            : TimeLimits.DEFAULT.firstByte(SHORT).idle(SHORT).writeStall(SHORT);
    var census = new Census(world, Integer.MAX_VALUE, 0);
    Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", PORT))
            .handler(census.watching(this::serve))
            .timeLimits(limits)
            .drainTimeout(calm ? LONG : SHORT)
            .eventLoops(0)
            .stopOnSignal(false)
            .observer(event -> {
              census.onEvent(event);
              see(event);
            })
            .start();
    boolean[] over = new boolean[1];
    try (Client client = Client.open(limits)) {
      var weather = world.start("weather", () -> world.weather().blow(world, () -> !over[0]));
      var caster = world.start("caster", this::cast);
      for (int i = world.between(1, 5); i > 0; i--) {
        world.start("member " + i, () -> listen(client));
      }
      caster.await();
      world.sleepUpTo(SHORT);
      server.drain();
      world.awaitOthers(weather);
      over[0] = true;
      weather.await();
    }
    server.close();
    census.verify(server);
    world.check(group.size() == 0, "members are left: " + group.size());
    for (Outbox outbox : outboxes) {
      world.check(outbox.size().messages() == 0, "an outbox holds what it never sends");
    }
    world.network().forgetEnded();
  }

  private void serve(Connection connection) throws Exception {
    var outbox = new Outbox(connection, capacity, policy);
    outboxes.add(outbox);
    try (ConnectionScope scope = connection.openScope()) {
      scope.fork("outbox", outbox);
      group.join("all", outbox);
      try {
        connection.input().readAllBytes();
      } finally {
        group.leave("all", outbox);
      }
      outbox.close();
      scope.join();
    }
  }

  private void see(ServerEvent event) {
    if (event instanceof ServerEvent.ConnectionClosed closed
        && closed.reason() instanceof CloseReason.SlowPeer
        && world.weather().calm()) {
      world.fail("slow, though its socket had room for all: " + closed);
    }
  }

  private void cast() throws InterruptedException {
    for (int i = 0, count = world.between(10, 60); i < count; i++) {
      group.broadcast(ByteBuffer.allocate(8).putInt(i).putInt(~i).array());
      if (world.oneIn(3)) {
        world.sleepUpTo(Duration.ofMillis(100));
      }
    }
  }

  private void listen(Client client) throws Exception {
    world.sleepUpTo(Duration.ofMillis(500));
    try (Connection connection = client.connect(Connector.tcp("127.0.0.1", PORT))) {
      int port = ((InetSocketAddress) connection.localAddress()).getPort();
      int leavesAt = world.between(0, 80);
      InputStream input = connection.input();
      int latest = -1;
      for (byte[] message; (message = input.readNBytes(8)).length > 0; ) {
        int number = ByteBuffer.wrap(message).getInt();
        world.check(
            message.length == 8 && ByteBuffer.wrap(message).getInt(4) == ~number,
            "half a message at port " + port);
        boolean isNext = latest < 0 || number == latest + 1;
        world.check(
            isNext || number > latest && mayDrop(),
            "%d after %d at port %d with %s".formatted(number, latest, port, policy));
        latest = number;
        if (number == leavesAt) {
          connection.finishOutput();
        }
      }
    } catch (IOException e) {
      world.check(
          !world.weather().calm() || e instanceof ConnectException, "a member has failed: " + e);
    }
  }

  private boolean mayDrop() {
    return policy == Outbox.Policy.DROP_OLDEST || policy == Outbox.Policy.CONFLATE;
  }
}
