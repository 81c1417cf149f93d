package io.plainweave.loadtests.models;

import io.plainweave.loadtests.compare.EstablishedLoop;
import io.plainweave.loadtests.compare.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A client of the models, in a process of its own; it lives as long as its stdin. */
public final class ModelsClient {
  private final OpenConnections open = new OpenConnections();

  private ModelsClient() {}

  /** Carries out an order for each line of stdin, and answers each with a line. */
  public static void main(String[] args) throws IOException {
    ModelsClient client = new ModelsClient();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      System.out.println(Json.line(client.execute(Json.read(line, ClientOrder.class))));
    }
  }

  private ClientAnswer execute(ClientOrder order) {
    try {
      switch (order.kind()) {
        case OPEN ->
            open.open(
                order.port(),
                order.connections(),
                order.inFlight(),
                TimeUnit.MILLISECONDS.toNanos(order.patienceMillis()));
        case CLOSE -> open.close();
        case LOAD -> {
          return load(order);
        }
      }
      return ClientAnswer.of(open);
    } catch (IOException e) {
      return ClientAnswer.of(open).failed(String.valueOf(e.getMessage()));
    }
  }

  private ClientAnswer load(ClientOrder order) throws IOException {
    List<SocketChannel> served = open.answered();
    if (served.isEmpty()) {
      return ClientAnswer.of(open).failed("no connection was answered");
    }
    return ClientAnswer.of(open)
        .with(
            EstablishedLoop.run(
                served.subList(0, Math.min(order.connections(), served.size())),
                OpenConnections.BYTES,
                order.warmUpMillis(),
                order.millis(),
                order.server()));
  }
}
