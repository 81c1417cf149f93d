package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.RunFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A server in a process of its own. */
final class ServerProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(20);
  private static final int LAST_LINES = 20;

  private final String name;
  private final Process process;
  private final Deque<String> lastLines = new ArrayDeque<>(); // guarded by itself
  private final CompletableFuture<Integer> told = new CompletableFuture<>();
  private int port; // confined to the thread that leads the run

  private ServerProcess(String name, Process process) {
    this.name = name;
    this.process = process;
    Thread.ofPlatform().daemon().name(name + " stdout").start(this::readPort);
    Thread.ofPlatform().daemon().name(name + " stderr").start(() -> keep(process.errorReader()));
  }

  /**
   * Starts a server and waits until it listens.
   *
   * @param pinning what comes before the command, to pin it to a core
   * @throws RunFailed if it does not
   */
  static ServerProcess start(String name, ServerCommand command, List<String> pinning)
      throws InterruptedException {
    try {
      int port = command.isExternal(name) ? freePort() : 0;
      List<String> line = new ArrayList<>(pinning);
      line.addAll(command.of(name, port));
      ServerProcess server = new ServerProcess(name, new ProcessBuilder(line).start());
      try {
        server.awaitListening(port);
        return server;
      } catch (RunFailed | InterruptedException e) {
        server.close();
        throw e;
      }
    } catch (IOException e) {
      throw new RunFailed("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  String name() {
    return name;
  }

  int port() {
    return port;
  }

  /** The process and those it has started. */
  List<Long> processes() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants())
        .map(ProcessHandle::pid)
        .toList();
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  boolean isJvm() {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/comm")).strip().equals("java");
    } catch (IOException e) {
      return false; // it is gone
    }
  }

  /** What there is to know about its end. */
  String obituary() {
    int code = process.exitValue();
    String how = code > 128 ? " (signal " + (code - 128) + ")" : "";
    synchronized (lastLines) {
      return name
          + " ended with exit code "
          + code
          + how
          + (lastLines.isEmpty()
              ? ""
              : "; its last lines:\n  | " + String.join("\n  | ", lastLines));
    }
  }

  /** Ends it: a JVM server lives as long as its stdin, others are told by a signal. */
  @Override
  public void close() {
    List<ProcessHandle> all =
        Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // It is gone, and with it its end of the pipe.
    }
    all.forEach(ProcessHandle::destroy);
    try {
      if (!process.waitFor(2, TimeUnit.SECONDS)) {
        all.forEach(ProcessHandle::destroyForcibly);
      }
    } catch (InterruptedException e) {
      all.forEach(ProcessHandle::destroyForcibly);
      Thread.currentThread().interrupt();
    }
  }

  private void awaitListening(int expected) throws InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    while (expected == 0 ? !told.isDone() : !accepts(expected)) {
      if (!process.isAlive()) {
        process.waitFor();
        Thread.sleep(100); // what it said last is still on its way; there is nothing to wait on
        throw new RunFailed(obituary());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new RunFailed(name + " did not listen within " + START.toSeconds() + " s");
      }
      Thread.sleep(20);
    }
    port = expected == 0 ? told.join() : expected;
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void readPort() {
    String start = "listening on port ";
    BufferedReader out = process.inputReader();
    try {
      for (String line; (line = out.readLine()) != null; ) {
        if (line.startsWith(start)) {
          told.complete(Integer.parseInt(line.substring(start.length())));
          break;
        }
        keep(line);
      }
    } catch (IOException | NumberFormatException e) {
      keep("its stdout could not be read: " + e);
    }
    keep(out);
  }

  private void keep(BufferedReader reader) {
    try (reader) {
      for (String line; (line = reader.readLine()) != null; ) {
        keep(line);
      }
    } catch (IOException e) {
      keep("what it said could not be read: " + e);
    }
  }

  private void keep(String line) {
    synchronized (lastLines) {
      if (lastLines.size() == LAST_LINES) {
        lastLines.removeFirst();
      }
      lastLines.addLast(line);
    }
  }
}
