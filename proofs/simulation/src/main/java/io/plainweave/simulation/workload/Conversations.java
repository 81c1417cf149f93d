package io.plainweave.simulation.workload;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.client.Client;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.event.DrainReport;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.simulation.world.World;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Many clients talk to one server that takes few at a time, and conversations end in every way.
 * What has come is a beginning of what was sent, and all of it where nothing was cut, timed out or
 * aborted; each connection has one reason to end; no limit is exceeded; when all have gone, the
 * server takes as many as at first; and its drain ends.
 */
public final class Conversations implements Workload {
  private static final int PORT = 4_000;
  private static final int BACKEND = 4_001;
  private static final Duration LONG = Duration.ofMinutes(5);

  private World world;
  private Echo echo;
  private Census census;
  private int maxConnections;
  private int maxPerSource;
  private boolean drainsEarly;
  private boolean relays;
  private final List<Conversation> talks = new ArrayList<>();

  @Override
  public void run(World world) throws Exception {
    this.world = world;
    echo = new Echo(world);
    maxConnections = world.between(1, 8);
    maxPerSource = world.oneIn(2) ? 0 : world.between(1, 3);
    drainsEarly = world.oneIn(3);
    census = new Census(world, maxConnections, maxPerSource);
    relays = world.oneIn(3);
    if (relays) {
      var behind = new Census(world, Integer.MAX_VALUE, 0);
      ServerBuilder backend = server(BACKEND, this::handle).observer(behind);
      try (Server far = backend.start()) {
        serve(server(PORT, census.watching(this::relay)));
        far.shutdown();
        far.awaitTermination(LONG);
        behind.verify(far);
      }
    } else {
      serve(server(PORT, census.watching(this::handle)));
    }
    world.check(
        world.network().openConnections() == 0,
        world.network().openConnections() + " connections are open at the end");
    world.network().forgetEnded();
  }

  private ServerBuilder server(int port, Handler handler) {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", port))
        .handler(handler)
        .timeLimits(limits())
        .eventLoops(0)
        .stopOnSignal(false);
  }

  /** All that becomes of the server in front, from the start to the end. */
  private void serve(ServerBuilder builder) throws Exception {
    Duration drain = world.weather().calm() ? LONG : Duration.ofMillis(world.between(0, 2_000));
    Server server =
        builder
            .admission(rules())
            .drainTimeout(drain)
            .drainSpread(Duration.ofMillis(world.oneIn(2) ? 0 : 500))
            .observer(census)
            .start();
    boolean[] over = new boolean[1];
    try (Client client = Client.open(limits())) {
      var weather = world.start("weather", () -> world.weather().blow(world, () -> !over[0]));
      for (int i = world.between(1, 6); i > 0; i--) {
        var source = InetAddress.ofLiteral("10.0.0." + world.between(1, 3));
        world.start("client " + i, () -> talkOften(client, source));
      }
      if (drainsEarly) {
        world.sleep(Duration.ofMillis(world.between(0, 500)));
        end(server, drain);
      }
      world.awaitOthers(weather);
      over[0] = true;
      weather.await();
    }
    if (!drainsEarly) {
      probe(server);
      end(server, drain);
    }
    server.close();
    verify(server);
  }

  private AdmissionRules rules() {
    return AdmissionRules.DEFAULT
        .maxConnections(maxConnections)
        .maxPerSource(maxPerSource)
        .whenFull(world.oneIn(3) ? AdmissionRules.WhenFull.REFUSE : AdmissionRules.WhenFull.WAIT);
  }

  private TimeLimits limits() {
    if (world.weather().calm()) {
      return TimeLimits.NONE.linger(LONG);
    }
    Duration some = Duration.ofMillis(world.between(300, 4_000));
    return TimeLimits.DEFAULT
        .firstByte(some)
        .message(some)
        .idle(some)
        .writeStall(some)
        .halfClosed(some)
        .linger(Duration.ofSeconds(1));
  }

  // The server

  private void handle(Connection connection) throws Exception {
    int id = Conversation.readHeader(connection.input());
    Conversation talk = talks.get(id);
    talk.wasServed = true;
    try {
      echo.serve(connection, talk);
    } catch (Exception e) {
      talk.handlerFailure = e;
      throw e;
    }
  }

  private void relay(Connection connection) throws Exception {
    try (Connection far = Connector.tcp("127.0.0.1", BACKEND).connect()) {
      Relay.between(connection, far);
    }
  }

  // The clients

  private void talkOften(Client client, InetAddress source) throws Exception {
    for (int i = world.between(1, 5); i > 0; i--) {
      talkOnce(client, source);
      world.sleepUpTo(Duration.ofMillis(200));
    }
  }

  private Conversation talkOnce(Client client, InetAddress source) throws InterruptedException {
    var end = Conversation.End.choose(world.random(), world.weather().calm());
    int bytes = world.oneIn(3) ? 0 : 1 << world.random().nextInt(13);
    var talk = new Conversation(talks.size(), end, bytes);
    talks.add(talk);
    Connector connector = Connector.tcp("127.0.0.1", PORT).localAddress(source);
    try (Connection connection = client.connect(connector)) {
      talk.clientPort = ((InetSocketAddress) connection.localAddress()).getPort();
      echo.talk(connection, talk);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      talk.clientFailure = e;
    } finally {
      // That of a scope whose connection has ended, which may come when its owner is about to
      // leave.
      boolean _ = Thread.interrupted();
    }
    world.machine().note(talk.toString());
    return talk;
  }

  // The end

  /** Whether the server takes as many connections as it may, when all others have gone. */
  private void probe(Server server) throws Exception {
    boolean served =
        world.await(LONG, this::isServed); // behind all that the backlog had of the storm
    world.check(served, "nobody is served when all clients have gone");
    if (!world.await(LONG, () -> server.connections() == 0)) {
      world.fail("connections are left when all clients have gone: " + server.connections());
      return;
    }
    server.changeTimeLimits(TimeLimits.NONE);
    List<Connection> held = new ArrayList<>();
    Connector connector = Connector.tcp("127.0.0.1", PORT);
    try (Client client = Client.open(TimeLimits.NONE)) {
      for (int i = 0; i < maxConnections; i++) {
        var talk = new Conversation(talks.size(), Conversation.End.CLIENT_FIRST, 1);
        talks.add(talk);
        Connection connection =
            client.connect(connector.localAddress(InetAddress.ofLiteral("10.0.1." + i)));
        held.add(connection);
        talk.clientPort = ((InetSocketAddress) connection.localAddress()).getPort();
        connection.output().write(talk.header());
        connection.output().write(talk.byteAt(0));
        connection.output().flush();
        int n = connection.input().read();
        world.check(n >= 0, "the server does not take as many as at first, but " + i);
        talk.atClient = 1;
      }
      for (Connection connection : held) {
        connection.finishOutput();
        world.check(connection.input().read() < 0, "a byte too many");
      }
      talks.forEach(talk -> talk.clientSawEnd |= talk.atClient == 1);
    } catch (IOException e) {
      world.fail("the server does not take as many as at first: " + e);
    } finally {
      held.forEach(Connection::abort);
    }
  }

  private boolean isServed() {
    var talk = new Conversation(talks.size(), Conversation.End.CLIENT_FIRST, 1);
    talks.add(talk);
    Connector connector = Connector.tcp("127.0.0.1", PORT);
    try (Client client = Client.open();
        Connection connection =
            client.connect(connector.localAddress(InetAddress.ofLiteral("10.0.2.1")))) {
      talk.clientPort = ((InetSocketAddress) connection.localAddress()).getPort();
      echo.talk(connection, talk);
    } catch (Exception e) {
      talk.clientFailure = e;
    }
    return talk.atClient == 1;
  }

  private void end(Server server, Duration most) {
    long begun = world.machine().nanoTime();
    DrainReport report = server.drain();
    long took = world.machine().nanoTime() - begun;
    world.machine().note("drained: " + report.finished() + ", " + report.forced());
    world.check(took <= most.plusSeconds(20).toNanos(), "the drain took " + Duration.ofNanos(took));
    world.check(report.survivors().isEmpty(), "handlers have survived: " + report.survivors());
  }

  private void verify(Server server) {
    census.verify(server);
    for (Conversation talk : talks) {
      census.add(talk);
      if (world.weather().calm() && talk.wasServed && talk.end.isInOrder()) {
        verifyWhole(talk);
      } else if (talk.end == Conversation.End.CLOSED_ANYTIME && !relays) {
        boolean wrong =
            talk.reason instanceof CloseReason.UpstreamFailed
                || talk.reason instanceof CloseReason.HandlerFailed;
        world.check(!wrong, "a close of its own counts as a failure: " + talk);
      }
    }
  }

  private void verifyWhole(Conversation talk) {
    // A drain lingers for a moment only, so that a client that goes on to send may meet a reset.
    boolean drained = drainsEarly && talk.reason instanceof CloseReason.Drained;
    world.check(
        talk.clientFailure == null || drained && talk.clientSawEnd,
        "the client has failed: " + talk);
    world.check(talk.clientSawEnd, "the client has not seen the end: " + talk);
    world.check(talk.atClient == talk.atServer, "bytes are lost on their way back: " + talk);
    world.check(talk.atServer == talk.bytes || drained, "bytes are lost: " + talk);
    world.check(
        drained || talk.reason instanceof CloseReason.Finished,
        "it has ended for a wrong reason: " + talk);
  }
}
