package io.plainweave.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

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

    /** What the kernel has counted there, by the names of nstat(8). */
    long counter(String name) throws IOException, InterruptedException {
      String[] words = run("nstat", "-asz", name).split("\\s+");
      return Long.parseLong(words[words.length - 2]);
    }

    /** Starts a command there that goes on. */
    Process start(String... command) throws IOException {
      List<String> all = new ArrayList<>(List.of(prefix()));
      all.addAll(List.of(command));
      return new ProcessBuilder(all).redirectErrorStream(true).start();
    }
  }

  /** How bad a cable is: milliseconds, and percent of the packets. */
  record BadCable(int delay, int jitter, int loss, int reorder, int duplicate, int corrupt) {}

  final Host server;
  final Host client;

  /** What is between them, with a device towards each. */
  private final String middle;

  /** Passes the packets through the middle, if there is one. */
  private @Nullable Process cable;

  private Network(String id) {
    this.server = new Host(id + "s", "vs", "10.9.0.1");
    this.client = new Host(id + "c", "vc", "10.9.0.2");
    this.middle = id + "m";
  }

  /** Two hosts with a cable as good as memory. */
  static Network create() throws IOException, InterruptedException {
    return create(Network::connect);
  }

  /** Two hosts with a bad cable, for a minute. */
  static Network create(BadCable cable) throws IOException, InterruptedException {
    return create(network -> network.connect(cable));
  }

  @FunctionalInterface
  private interface Connecting {
    void connect(Network network) throws IOException, InterruptedException;
  }

  private static Network create(Connecting connecting) throws IOException, InterruptedException {
    var network = new Network("pw" + ProcessHandle.current().pid() + "n" + COUNT.incrementAndGet());
    boolean complete = false;
    try {
      connecting.connect(network);
      complete = true;
    } finally {
      if (!complete) {
        network.close();
      }
    }
    return network;
  }

  private void connect() throws IOException, InterruptedException {
    addHosts();
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
    bringUp();
  }

  private void connect(BadCable bad) throws IOException, InterruptedException {
    addHosts();
    Machine.run("ip", "netns", "add", middle);
    for (Host host : List.of(server, client)) {
      String end = "m" + host.device;
      Machine.run(
          "ip",
          "link",
          "add",
          host.device,
          "netns",
          host.name,
          "type",
          "veth",
          "peer",
          "name",
          end,
          "netns",
          middle);
      Machine.run("ip", "-n", middle, "link", "set", end, "up");
      // Otherwise packets travel with checksums that are to be made by a device, and none does.
      for (String where : List.of(host.name + " " + host.device, middle + " " + end)) {
        String[] at = where.split(" ");
        Machine.run(
            "ip", "netns", "exec", at[0], "ethtool", "-K", at[1], "tx", "off", "tso", "off", "gso",
            "off", "gro", "off");
      }
    }
    bringUp();
    Path program = Files.createTempFile("bad_cable", ".py");
    try (var resource = Network.class.getResourceAsStream("bad_cable.py")) {
      Files.copy(resource, program, StandardCopyOption.REPLACE_EXISTING);
      cable =
          new ProcessBuilder(
                  "ip",
                  "netns",
                  "exec",
                  middle,
                  "python3",
                  program.toString(),
                  "mvs",
                  "mvc",
                  "60",
                  "" + bad.delay,
                  "" + bad.jitter,
                  "" + bad.loss,
                  "" + bad.reorder,
                  "" + bad.duplicate,
                  "" + bad.corrupt)
              .redirectErrorStream(true)
              .start();
      String said = cable.inputReader().readLine();
      if (!"ready".equals(said)) {
        throw new IOException("the cable says " + said);
      }
    } finally {
      Files.delete(program);
    }
  }

  private void addHosts() throws IOException, InterruptedException {
    // By which ip finds the namespaces.
    Machine.needsProc();
    Machine.run("ip", "netns", "add", server.name);
    Machine.run("ip", "netns", "add", client.name);
  }

  private void bringUp() throws IOException, InterruptedException {
    for (Host host : List.of(server, client)) {
      host.run("ip", "addr", "add", host.address + "/24", "dev", host.device);
      host.run("ip", "link", "set", host.device, "up");
      host.run("ip", "link", "set", "lo", "up");
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    if (cable != null) {
      cable.destroyForcibly().waitFor();
    }
    for (String name : List.of(server.name, client.name, middle)) {
      if (Machine.run("ip", "netns", "list").contains(name)) {
        Machine.run("ip", "netns", "delete", name);
      }
    }
  }
}
