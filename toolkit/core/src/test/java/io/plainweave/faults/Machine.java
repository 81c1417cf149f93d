package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** What a test needs of the machine. */
public final class Machine {
  private Machine() {}

  /** Skips the test where a program is missing; fails it in CI, where all have to be there. */
  public static void needs(String... programs) {
    needs("Linux".equals(System.getProperty("os.name")), "this is not Linux");
    for (String program : programs) {
      needs(isOnPath(program), "there is no " + program + " on the PATH");
    }
  }

  /** As needs, and what the kernel tells in /proc. */
  public static void needsProc(String... programs) {
    needs(Files.isDirectory(Path.of("/proc/self/fd")), "there is no /proc");
    needs(programs);
  }

  /** Skips the test where no socket can be bound at an address of IPv6. */
  public static void needsIpv6() throws IOException {
    boolean there;
    try (var socket = ServerSocketChannel.open()) {
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0));
      there = true;
    } catch (IOException | UnsupportedAddressTypeException e) {
      there = false;
    }
    needs(there, "there is no IPv6");
  }

  /** As needs, and root. */
  static void needsRoot(String... programs) {
    needs("root".equals(System.getProperty("user.name")), "this needs root");
    needs(programs);
  }

  static void needs(boolean condition, String otherwise) {
    if ("true".equals(System.getenv("CI"))) {
      assertTrue(condition, otherwise);
    }
    assumeTrue(condition, otherwise);
  }

  private static boolean isOnPath(String name) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }

  /** The program that runs this JVM, for another one. */
  public static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Runs a command to its end, which must be a good one, and returns what it has printed. */
  static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), () -> String.join(" ", command));
      assertEquals(0, process.exitValue(), () -> String.join(" ", command) + ": " + output);
      return output;
    } finally {
      process.destroyForcibly();
    }
  }
}
