package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A connector, when the network")
@Tag("machine")
@Timeout(60)
class ConnectFaultsTest {
  @TempDir Path folder;

  @BeforeAll
  static void needsNamespaces() {
    Machine.needsRoot("ip", "unshare", "mount");
  }

  /** Runs {@link ConnectMain} on a host, with what comes before the command. */
  private static String connect(
      Network.Host on, List<String> prefix, List<String> flags, String... arguments)
      throws Exception {
    return run(on, ConnectMain.class, prefix, flags, arguments);
  }

  private static String run(
      Network.Host on,
      Class<?> program,
      List<String> prefix,
      List<String> flags,
      String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(JavaProgram.command(program, flags));
    command.addAll(List.of(arguments));
    return on.run(command.toArray(String[]::new));
  }

  /** A destination of IPv6 that takes every packet and answers none. */
  private static void addBlackHole(Network network) throws Exception {
    Network.Host client = network.client;
    client.run("ip", "addr", "add", "fd00:9::2/64", "dev", client.device(), "nodad");
    client.run(
        "ip",
        "neigh",
        "add",
        "fd00:9::1",
        "lladdr",
        "02:00:00:00:00:99",
        "dev",
        client.device(),
        "nud",
        "permanent");
  }

  @Test
  void swallowsIpv6ConnectsByIpv4() throws Exception {
    Path hosts =
        Files.writeString(
            folder.resolve("hosts"),
            """
            fd00:9::1 two.example
            127.0.0.1 two.example
            """);
    try (Network network = Network.create()) {
      addBlackHole(network);
      List<String> flags = List.of("-Djdk.net.hosts.file=" + hosts);
      String told = connect(network.client, List.of(), flags, "two.example", "20000");
      assertTrue(told.strip().endsWith(" ms: 127.0.0.1"), told);
    }
  }

  @Test
  void s11HasADeadNameServerGivesUpInTime() throws Exception {
    // The resolver itself would try for a minute.
    Path resolver =
        Files.writeString(
            folder.resolve("resolv.conf"), "nameserver fd00:9::1\noptions timeout:30 attempts:2\n");
    try (Network network = Network.create()) {
      addBlackHole(network);
      List<String> ownResolver =
          List.of(
              "unshare",
              "--mount",
              "sh",
              "-c",
              "mount --bind " + resolver + " /etc/resolv.conf && exec \"$@\"",
              "sh");
      String told = connect(network.client, ownResolver, List.of(), "dead.example", "700");
      assertTrue(told.contains("no answer from the name server"), told);
    }
  }

  @Test
  void takesTheVeryPortForTheLocalOneIsRefusedAndLeavesItFree() throws Exception {
    try (Network network = Network.create()) {
      network.client.run("sh", "-c", "echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range");
      String told = run(network.client, ConnectToNobodyMain.class, List.of(), List.of(), "40000");
      assertTrue(told.contains("only the socket itself was at this port"), told);
      assertTrue(told.contains("connected: 0"), told);
      assertTrue(told.contains("the port is free"), told);
    }
  }
}
