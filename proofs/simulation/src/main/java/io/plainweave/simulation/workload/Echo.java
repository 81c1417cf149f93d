package io.plainweave.simulation.workload;

import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.simulation.world.World;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/** Both sides of a {@link Conversation}: the server sends back what has come. */
final class Echo {
  private static final Duration MOMENT = Duration.ofMillis(100);

  private final World world;

  Echo(World world) {
    this.world = world;
  }

  // The server

  /** What the handler does behind the header. */
  void serve(Connection connection, Conversation talk) throws Exception {
    if (talk.end == Conversation.End.ABORTED_BY_SERVER) {
      later("aborter", () -> connection.abort());
    } else if (talk.end == Conversation.End.CLOSED_ANYTIME) {
      later("closer", connection::close);
    }
    if (talk.id % 3 == 0) {
      try (ConnectionScope scope = connection.openScope()) {
        scope.fork("echo", () -> echo(connection, talk));
        scope.join();
      }
    } else {
      echo(connection, talk);
    }
    switch (talk.end) {
      case CLOSED_TWICE -> {
        now("closer", connection::close);
        now("closer", connection::close);
        world.giveWay();
      }
      case CLOSED_WHILE_READING -> {
        later("closer", connection::close);
        readOn(connection, talk);
      }
      case SILENT -> readOn(connection, talk);
      case WAITS_ELSEWHERE -> waitElsewhere(connection);
      default -> {}
    }
  }

  private void later(String name, World.Work what) {
    now(
        name,
        () -> {
          world.sleepUpTo(MOMENT);
          what.run();
        });
  }

  private void now(String name, World.Work what) {
    world.start(
        name,
        () -> {
          try {
            what.run();
          } catch (IOException e) {
            world.machine().note(name + " met " + e);
          }
        });
  }

  private void echo(Connection connection, Conversation talk) throws IOException {
    InputStream input = connection.input();
    OutputStream output = connection.output();
    byte[] some = new byte[1 << (talk.id % 12)];
    boolean toTheEnd = talk.end == Conversation.End.CLIENT_FIRST;
    for (int n; toTheEnd || talk.atServer < talk.bytes; talk.atServer += n) {
      int most = toTheEnd ? some.length : Math.min(some.length, talk.bytes - talk.atServer);
      n = input.read(some, 0, most);
      if (n < 0) {
        return;
      }
      world.check(
          talk.atServer + n <= talk.bytes && talk.matches(some, talk.atServer, n),
          "the server has read other bytes than were sent: " + talk);
      output.write(some, 0, n);
    }
    output.flush();
  }

  private void readOn(Connection connection, Conversation talk) throws IOException {
    try {
      int n = connection.input().read();
      world.check(n < 0, "the server has read a byte that nobody has sent: " + talk);
    } catch (ConnectionClosedException e) {
      if (talk.id % 2 == 0) {
        throw e;
      }
    }
  }

  private void waitElsewhere(Connection connection) throws Exception {
    if (connection.awaitMessage()) {
      try (ConnectionScope scope = connection.openScope()) {
        scope.fork("waits", () -> world.sleep(Duration.ofDays(1)));
        scope.join();
      }
    }
  }

  // The client

  void talk(Connection connection, Conversation talk) throws Exception {
    if (talk.end == Conversation.End.ABORTED_BY_CLIENT) {
      later("aborter", () -> connection.abort());
    }
    try (ConnectionScope scope = connection.openScope()) {
      scope.fork("sender", () -> send(connection, talk));
      receive(connection, talk);
      scope.join();
    }
  }

  private void send(Connection connection, Conversation talk) throws IOException {
    OutputStream output = connection.output();
    output.write(talk.header());
    byte[] some = new byte[1 + (talk.id * 37) % 2_000];
    for (int sent = 0; sent < talk.bytes; ) {
      int n = Math.min(some.length, talk.bytes - sent);
      talk.fill(some, sent, n);
      output.write(some, 0, n);
      if (world.oneIn(4)) {
        output.flush();
        world.sleepUpTo(MOMENT);
      }
      sent += n;
    }
    output.flush();
    switch (talk.end) {
      case CLIENT_FIRST -> connection.finishOutput();
      case WAITS_ELSEWHERE -> {
        output.write(1);
        output.flush();
      }
      default -> {}
    }
  }

  private void receive(Connection connection, Conversation talk) throws IOException {
    InputStream input = connection.input();
    byte[] some = new byte[1 + (talk.id * 53) % 3_000];
    for (int n; (n = input.read(some)) >= 0; talk.atClient += n) {
      world.check(
          talk.atClient + n <= talk.bytes && talk.matches(some, talk.atClient, n),
          "the client has read other bytes than were sent: " + talk);
      if (world.oneIn(8)) {
        world.sleepUpTo(MOMENT);
      }
    }
    talk.clientSawEnd = true;
  }
}
