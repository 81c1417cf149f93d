package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.machine.SelfConnection;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.BindException;
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
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A server in a process of its own. */
public final class ServerProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(40);
  private static final int LAST_LINES = 20;

  /** As a peer says it, or a sample. */
  private static final Pattern LISTENING =
      Pattern.compile("listening on (?:port |\\S+:)(\\d{1,5})");

  private final String name;
  private final Process process;
  private final Deque<String> lastLines = new ArrayDeque<>(); // guarded by itself
  private final CompletableFuture<Integer> told = new CompletableFuture<>();
  private final Thread stderr;

  /** 0 until it is known; confined to the thread that leads the run. */
  private int port;

  private ServerProcess(String name, Process process, int port) {
    this.name = name;
    this.process = process;
    this.port = port;
    Thread.ofPlatform().daemon().name(name + " stdout").start(this::readPort);
    stderr =
        Thread.ofPlatform()
            .daemon()
            .name(name + " stderr")
            .start(() -> keep(process.errorReader()));
  }

  /**
   * Starts a server, which has to be awaited.
   *
   * @param pinning what comes before the command, to pin it to a core
   * @throws RunFailed if it cannot be started
   */
  static ServerProcess start(String name, ServerCommand command, List<String> pinning) {
    try {
      int port = command.isExternal(name) ? freePort() : 0;
      List<String> line = new ArrayList<>(pinning);
      line.addAll(command.of(name, port));
      return start(name, line, port);
    } catch (IOException e) {
      throw new RunFailed("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  /** Starts a server by its command line; 0 if it says on which port it listens. */
  public static ServerProcess start(String name, List<String> command, int port)
      throws IOException {
    return new ServerProcess(name, new ProcessBuilder(command).start(), port);
  }

  /**
   * Waits until it listens: until it says so, or accepts where it was told its port.
   *
   * @throws RunFailed if it does not
   */
  void awaitListening() throws InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    while (port == 0 ? !told.isDone() : !accepts(port)) {
      if (!process.isAlive()) {
        throw new RunFailed(obituary());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new RunFailed(name + " did not listen within " + START.toSeconds() + " s");
      }
      Thread.sleep(20);
    }
    port = port == 0 ? told.join() : port;
  }

  /** As it was started. */
  public String name() {
    return name;
  }

  /** Where it listens; 0 until that is known. */
  public int port() {
    return port;
  }

  /** The process and those it has started. */
  public List<Long> processes() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants())
        .map(ProcessHandle::pid)
        .toList();
  }

  /** The process that was started. */
  public long pid() {
    return process.pid();
  }

  /** Whether that process still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for its end; whether it has come. */
  public boolean awaitEnd(Duration most) throws InterruptedException {
    return process.waitFor(most);
  }

  boolean isJvm() {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/comm")).strip().equals("java");
    } catch (IOException e) {
      return false; // it is gone
    }
  }

  /** What there is to know about its end. */
  public String obituary() throws InterruptedException {
    stderr.join(Duration.ofSeconds(1)); // what it said last may be on its way
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

  /** What it said last, on stdout and stderr. */
  public List<String> lastLines() {
    synchronized (lastLines) {
      return List.copyOf(lastLines);
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
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        all.forEach(ProcessHandle::destroyForcibly);
      }
    } catch (InterruptedException e) {
      all.forEach(ProcessHandle::destroyForcibly);
      Thread.currentThread().interrupt();
    }
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
      SelfConnection.refuse(socket);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** A port that nobody has now, and that the kernel gives to no client. */
  public static int freePort() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(10_000, 30_000);
      try (var _ = new ServerSocket(port)) {
        return port;
      } catch (BindException taken) {
        continue;
      }
    }
  }

  private void readPort() {
    BufferedReader out = process.inputReader();
    try {
      for (String line; (line = out.readLine()) != null; ) {
        Matcher listening = LISTENING.matcher(line);
        if (listening.matches()) {
          told.complete(Integer.parseInt(listening.group(1)));
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
