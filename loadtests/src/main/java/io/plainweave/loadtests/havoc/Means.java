package io.plainweave.loadtests.havoc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** By what blows are dealt, and which cannot be on this machine. */
final class Means {
  private static final int TIMEOUT_SECONDS = 20;
  private static final String DISK_SIZE = "4m";

  private Means() {}

  /** Why some blows cannot be dealt here; all others can. */
  static Map<Blow, String> missing(Path folder) throws IOException, InterruptedException {
    Map<Blow, String> missing = new EnumMap<>(Blow.class);
    if (!killsSockets()) {
      String why = "ss -K destroys none: it takes root, iproute2 and CONFIG_INET_DIAG_DESTROY";
      missing.put(Blow.KILL_SOCKET, why);
      missing.put(Blow.LOSE_LISTENER, why);
    }
    if (!run("prlimit", "--version").ok()) {
      missing.put(Blow.TAKE_DESCRIPTORS, "there is no prlimit");
    }
    if (!run("strace", "-e", "trace=accept", "true").ok()) {
      missing.put(Blow.FAIL_ACCEPTS, "strace is missing or may not trace");
    }
    if (fakeTime().isEmpty()) {
      missing.put(Blow.MOVE_CLOCK, "there is no libfaketime");
    }
    Path disk = Files.createDirectories(folder.resolve("disk"));
    if (mount(disk)) {
      unmount(disk);
    } else {
      missing.put(Blow.FILL_DISK, "no tmpfs can be mounted");
    }
    return missing;
  }

  /** What a command has said. */
  record Said(boolean ok, String text) {}

  /** Runs a command to its end. */
  static Said run(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      boolean ended = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly();
      }
      return new Said(ended && process.exitValue() == 0, said.strip());
    } catch (IOException e) {
      return new Said(false, String.valueOf(e.getMessage()));
    }
  }

  /** Destroys the socket with these ports, if there is one. */
  static boolean kill(String localPort, String remotePort) throws InterruptedException {
    Said said =
        run(
            "ss",
            "-t",
            "-K",
            "-H",
            "sport",
            "=",
            ":" + localPort,
            "and",
            "dport",
            "=",
            ":" + remotePort);
    return said.ok() && !said.text().isEmpty();
  }

  private static boolean killsSockets() throws InterruptedException {
    try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var client = new Socket(InetAddress.getLoopbackAddress(), listener.getLocalPort());
        Socket accepted = listener.accept()) {
      kill(Integer.toString(client.getLocalPort()), Integer.toString(client.getPort()));
      accepted.setSoTimeout(2_000);
      return accepted.getInputStream().read() < -1;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException reset) {
      return true;
    }
  }

  /** Mounts a small disk there. */
  static boolean mount(Path disk) throws InterruptedException {
    return run("mount", "-t", "tmpfs", "-o", "size=" + DISK_SIZE, "tmpfs", disk.toString()).ok();
  }

  /** The opposite; files that are open stay so. */
  static void unmount(Path disk) {
    try {
      run("umount", "-l", disk.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The library by which a process has a clock of its own. */
  static Optional<Path> fakeTime() throws IOException {
    Path libraries = Path.of("/usr/lib");
    if (!Files.isDirectory(libraries)) {
      return Optional.empty();
    }
    try (Stream<Path> found =
        Files.find(libraries, 3, (file, _) -> file.endsWith("libfaketimeMT.so.1"))) {
      return found.findFirst();
    }
  }

  static void signal(String name, long pid) throws InterruptedException {
    run("kill", "-s", name, Long.toString(pid));
  }

  /** The highest descriptor that a process has open. */
  static long highestDescriptor(long pid) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return open.mapToLong(file -> Long.parseLong(file.getFileName().toString())).max().orElse(0);
    }
  }

  /** Lets a process have no more descriptors than so many; returns how many it might have. */
  static String limitDescriptors(long pid, String soft) throws IOException, InterruptedException {
    String limits = Files.readString(Path.of("/proc/" + pid + "/limits"));
    List<String> words =
        limits.lines().filter(line -> line.startsWith("Max open files")).findFirst().stream()
            .flatMap(
                line -> Stream.of(line.substring("Max open files".length()).strip().split(" +")))
            .toList();
    run("prlimit", "--pid", Long.toString(pid), "--nofile=" + soft + ":" + words.get(1));
    return words.getFirst();
  }

  /** Lets each second accept of a process fail for so long. */
  static boolean failAccepts(long pid, String error, int seconds) throws InterruptedException {
    Said said =
        run(
            "timeout",
            "-s",
            "INT",
            Integer.toString(seconds),
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-p",
            Long.toString(pid),
            "-e",
            "trace=accept,accept4",
            "-e",
            "inject=accept,accept4:error=" + error + ":when=1+2");
    // It was ended by the time, or it could not begin.
    return !said.text().contains("strace:");
  }
}
