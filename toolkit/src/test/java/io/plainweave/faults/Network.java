package io.plainweave.faults;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two hosts with a cable between them: network namespaces, which only root can make and which end
 * with the test.
 */
final class Network implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  /** One of the hosts. */
  record Host(String name, String device, String address) {
    String[] prefix() {
      return new String[] {"ip", "netns", "exec", name};
    }

    /** Runs a command there. */
    String run(String... command) throws IOException, InterruptedException {
      List<String> all = new ArrayList<>(List.of(prefix()));
      all.addAll(List.of(command));
      return Machine.run(all.toArray(String[]::new));
    }

    /** Starts a command there that goes on. */
    Process start(String... command) throws IOException {
      List<String> all = new ArrayList<>(List.of(prefix()));
      all.addAll(List.of(command));
      return new ProcessBuilder(all).redirectErrorStream(true).start();
    }
  }

  final Host server;
  final Host client;

  private Network(Host server, Host client) {
    this.server = server;
    this.client = client;
  }

  static Network create() throws IOException, InterruptedException {
    String id = "pw" + ProcessHandle.current().pid() + "n" + COUNT.incrementAndGet();
    var network =
        new Network(new Host(id + "s", "vs", "10.9.0.1"), new Host(id + "c", "vc", "10.9.0.2"));
    boolean complete = false;
    try {
      network.connect();
      complete = true;
    } finally {
      if (!complete) {
        network.close();
      }
    }
    return network;
  }

  private void connect() throws IOException, InterruptedException {
    Machine.run("ip", "netns", "add", server.name);
    Machine.run("ip", "netns", "add", client.name);
    Machine.run(
        "ip",
        "link",
        "add",
        server.device,
        "netns",
        server.name,
        "type",
        "veth",
        "peer",
        "name",
        client.device,
        "netns",
        client.name);
    for (Host host : List.of(server, client)) {
      host.run("ip", "addr", "add", host.address + "/24", "dev", host.device);
      host.run("ip", "link", "set", host.device, "up");
      host.run("ip", "link", "set", "lo", "up");
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    for (Host host : List.of(server, client)) {
      if (Machine.run("ip", "netns", "list").contains(host.name)) {
        Machine.run("ip", "netns", "delete", host.name);
      }
    }
  }
}
