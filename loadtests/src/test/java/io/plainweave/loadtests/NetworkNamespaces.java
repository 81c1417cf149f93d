package io.plainweave.loadtests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Hosts of a small network: a network namespace each, with a cable to a switch. After the test
 * nothing is left of them, and no process that ran on them.
 */
final class NetworkNamespaces implements AfterEachCallback {
  private static final String NET = "10.77.0.";

  private final String prefix = "plainweave-" + ProcessHandle.current().pid() + "-";
  private final Map<String, String> addresses = new LinkedHashMap<>();
  private final List<Process> processes = new ArrayList<>();

  /** Connects hosts of these names; the test is skipped where that is not possible. */
  void connect(String... names) throws Exception {
    Path self = Path.of("/proc/self");
    assumeTrue(
        Files.exists(self) && Files.getAttribute(self, "unix:uid").equals(0),
        "only root can make network namespaces");
    assumeTrue(succeeds("ip", "netns", "add", prefix + "switch"), "no network namespaces here");
    ip("netns exec " + prefix + "switch ip link add bridge type bridge");
    ip("netns exec " + prefix + "switch ip link set bridge up");
    for (String name : names) {
      addHost(name);
    }
  }

  private void addHost(String name) throws Exception {
    String host = prefix + name;
    String port = "to" + addresses.size();
    String address = NET + (addresses.size() + 1);
    addresses.put(name, address);
    ip("netns add " + host);
    ip("-n " + host + " link set lo up");
    // Made inside: a name of the machine's own interfaces is never taken.
    ip("-n " + host + " link add eth0 type veth peer name " + port + " netns " + prefix + "switch");
    ip("-n " + host + " addr add " + address + "/24 dev eth0");
    ip("-n " + host + " link set eth0 up");
    ip("-n " + prefix + "switch link set " + port + " master bridge up");
  }

  String addressOf(String name) {
    return addresses.get(name);
  }

  /** Runs a command of the load tests on a host. */
  Process start(String name, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "ip",
                "netns",
                "exec",
                prefix + name,
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                Main.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    for (Process process : processes) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    // A cable goes with its host.
    List<String> left = new ArrayList<>(addresses.keySet());
    left.add("switch");
    for (String name : left) {
      if (Files.exists(Path.of("/run/netns", prefix + name))) {
        ip("netns del " + prefix + name);
      }
    }
  }

  private static void ip(String arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments.split(" ")));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IllegalStateException(String.join(" ", command) + ": " + output);
    }
  }

  private static boolean succeeds(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false; // there is no such command
    }
  }
}
