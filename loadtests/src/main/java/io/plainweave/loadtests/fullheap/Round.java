package io.plainweave.loadtests.fullheap;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** One server, whose heap is full once. */
final class Round implements AutoCloseable {
  /** The first byte of a connection, which says how it is echoed. */
  static final int PLAIN = 'p';

  static final int FORKED = 'f';

  private static final int COMING_AND_GOING = 8;
  private static final int STAYING = 8;
  private static final int SERVED_IN_A_ROW = 30;
  private static final Duration ATTEMPT = Duration.ofMillis(500);

  /** How long to wait for what is no matter of time: a machine may be busy with other things. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final byte[] MESSAGE =
      "a message that is to come back as it is".getBytes(StandardCharsets.US_ASCII);

  private final Duration full;
  private final Duration within;
  private final Process process;
  private final Path log;
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final List<Socket> clients = new ArrayList<>();
  private int port;

  private Round(Duration full, Duration within, Process process, Path log) {
    this.full = full;
    this.within = within;
    this.process = process;
    this.log = log;
    Thread.ofPlatform().daemon().name("full-heap stdout").start(this::readLines);
  }

  /** Starts a server. */
  static Round start(Kind kind, int heap, Duration full, Duration within) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Standard output is for answers, whatever the JVM has to say of its memory.
    command.addAll(List.of("-Xlog:disable", "-Xlog:all=warning:stderr"));
    command.addAll(kind.flags(heap));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(FullHeapServer.class.getName());
    command.add(Long.toString(full.toMillis()));
    command.add(Integer.toString(kind.eventLoops));
    Path log = Files.createTempFile("full-heap", ".log");
    return new Round(
        full, within, new ProcessBuilder(command).redirectError(log.toFile()).start(), log);
  }

  private void readLines() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line; (line = lines.readLine()) != null; ) {
        told.add(line);
      }
    } catch (IOException e) {
      // The process is gone.
    }
    told.add("");
  }

  /** What the server logs. */
  Path log() {
    return log;
  }

  /** Fills the heap, and looks at what is left of the server. */
  Outcome run() throws IOException, InterruptedException {
    String first = told.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (first == null || !first.startsWith(FullHeapServer.PORT)) {
      throw new RunFailed("the server did not start: " + first);
    }
    port = Integer.parseInt(first.substring(FullHeapServer.PORT.length()));
    for (int i = 0; i < SERVED_IN_A_ROW; i++) {
      if (!isServed(PATIENCE)) {
        throw new RunFailed("the server does not serve, with all memory there is");
      }
    }
    for (int i = 0; i < STAYING; i++) {
      clients.add(connect(i % 2 == 0 ? PLAIN : FORKED, PATIENCE));
    }
    String released = fillUnderLoad();
    var clock = new ServerClock(process.pid());
    if (!FullHeapServer.RELEASED.equals(released)) {
      return ended(released, clock);
    }
    while (!isServed(ATTEMPT)) {
      if (!told.isEmpty()) {
        return ended(told.take(), clock);
      }
      if (isTooLate(clock)) {
        return failed(clock, "deaf");
      }
    }
    Outcome served = Outcome.of(Outcome.End.SERVED, clock, "");
    String wrong = whatIsWrong();
    return wrong == null ? served : failed(clock, wrong);
  }

  private boolean isTooLate(ServerClock clock) {
    return clock.millis() > within.toMillis() || clock.wallMillis() > PATIENCE.toMillis();
  }

  private static Outcome failed(ServerClock clock, String why) {
    return Outcome.of(Outcome.End.FAILED, clock, why);
  }

  /** Judges a server that has said something else than was expected: why it has ended. */
  private Outcome ended(String line, ServerClock clock) throws InterruptedException {
    boolean inOrder =
        line != null
            && line.startsWith(FullHeapServer.ENDED)
            && !isTooLate(clock)
            && process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS);
    return Outcome.of(
        inOrder ? Outcome.End.ENDED : Outcome.End.FAILED,
        clock,
        line == null || line.isEmpty() ? "it says nothing" : line);
  }

  /** Lets clients come and go while the heap is full; returns what the server says afterwards. */
  private String fillUnderLoad() throws IOException, InterruptedException {
    List<Thread> load = new ArrayList<>();
    try {
      for (int i = 0; i < COMING_AND_GOING; i++) {
        load.add(Thread.ofPlatform().daemon().start(this::comeAndGo));
      }
      tell(FullHeapServer.FILL);
      return told.poll(full.plus(PATIENCE).toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      load.forEach(Thread::interrupt);
      for (Thread one : load) {
        one.join();
      }
    }
  }

  private void comeAndGo() {
    while (!Thread.currentThread().isInterrupted()) {
      isServed(ATTEMPT);
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private boolean isServed(Duration timeout) {
    // Both kinds, and so that neighbours come to another event loop.
    int kind = System.nanoTime() % 2 == 0 ? PLAIN : FORKED;
    try (Socket client = connect(kind, timeout)) {
      exchange(client);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Connects, and is greeted by a handler. */
  private Socket connect(int kind, Duration timeout) throws IOException {
    var client = new Socket();
    boolean greeted = false;
    try {
      int millis = (int) timeout.toMillis();
      client.setSoTimeout(millis);
      client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), millis);
      client.getOutputStream().write(kind);
      greeted = client.getInputStream().read() == kind;
      if (!greeted) {
        throw new IOException("not greeted");
      }
      return client;
    } finally {
      if (!greeted) {
        client.close();
      }
    }
  }

  private static void exchange(Socket client) throws IOException {
    client.getOutputStream().write(MESSAGE);
    if (!Arrays.equals(client.getInputStream().readNBytes(MESSAGE.length), MESSAGE)) {
      throw new IOException("not the same");
    }
  }

  /** What has been lost of a server that serves; null if nothing has. */
  private String whatIsWrong() throws IOException, InterruptedException {
    for (int i = 0; i < SERVED_IN_A_ROW; i++) {
      var clock = new ServerClock(process.pid());
      if (!isServed(PATIENCE) || clock.millis() > within.toMillis()) {
        return "half deaf: one of %d is not served in time".formatted(SERVED_IN_A_ROW);
      }
    }
    for (Socket client : clients) {
      client.setSoTimeout((int) PATIENCE.toMillis());
      try {
        exchange(client);
      } catch (SocketTimeoutException e) {
        return "one that was there before is neither served nor ended";
      } catch (IOException e) {
        // It has ended for want of memory, which is in order.
      }
    }
    closeClients();
    String left = awaitNoneLeft();
    if (left != null) {
      return left;
    }
    try {
      for (int i = 0; i < FullHeapServer.PERMITS; i++) {
        clients.add(connect(i % 2 == 0 ? PLAIN : FORKED, PATIENCE));
      }
    } catch (IOException e) {
      return "permits are lost: only %d of %d".formatted(clients.size(), FullHeapServer.PERMITS);
    }
    tell(FullHeapServer.QUIT);
    String drained = told.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    return drained != null && drained.startsWith(FullHeapServer.DRAINED)
        ? null
        : "the drain does not end: " + drained;
  }

  private String awaitNoneLeft() throws IOException, InterruptedException {
    String none = FullHeapServer.LEFT + "0 0";
    String left = "";
    for (var clock = new ServerClock(process.pid()); !left.equals(none); ) {
      if (isTooLate(clock)) {
        return "permits and connections " + left + " with no client";
      }
      tell(FullHeapServer.COUNT);
      left = String.valueOf(told.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
    }
    return null;
  }

  private void tell(char command) throws IOException {
    process.getOutputStream().write(command);
    process.getOutputStream().flush();
  }

  private void closeClients() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
    clients.clear();
  }

  /** Lets the server write down where its threads stand; returns the file. */
  Path dumpThreads() throws IOException, InterruptedException {
    Path dump = log.resolveSibling(log.getFileName() + ".threads");
    new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
            Long.toString(process.pid()),
            "Thread.dump_to_file",
            "-overwrite",
            dump.toString())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor(20, TimeUnit.SECONDS);
    return dump;
  }

  @Override
  public void close() throws IOException {
    closeClients();
    process.destroyForcibly().onExit().join();
  }
}
