package io.plainweave.loadtests.fullheap;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
  private static final Duration START = Duration.ofSeconds(30);

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
    String first = told.poll(START.toSeconds(), TimeUnit.SECONDS);
    if (first == null || !first.startsWith(FullHeapServer.PORT)) {
      throw new RunFailed("the server did not start: " + first);
    }
    port = Integer.parseInt(first.substring(FullHeapServer.PORT.length()));
    for (int i = 0; i < SERVED_IN_A_ROW; i++) {
      if (!isServed(5_000)) {
        throw new RunFailed("the server does not serve, with all memory there is");
      }
    }
    for (int i = 0; i < STAYING; i++) {
      clients.add(connect(i % 2 == 0 ? PLAIN : FORKED, 5_000));
    }
    String released = fillUnderLoad();
    long begin = System.nanoTime();
    if (!FullHeapServer.RELEASED.equals(released)) {
      return ended(released, begin);
    }
    while (!isServed(500)) {
      if (!told.isEmpty()) {
        return ended(told.take(), begin);
      }
      if (millisSince(begin) > within.toMillis()) {
        return failed(begin, "deaf");
      }
    }
    long served = millisSince(begin);
    if (served > within.toMillis()) {
      return failed(begin, "served too late");
    }
    String wrong = whatIsWrong();
    return wrong == null
        ? new Outcome(Outcome.End.SERVED, served, "")
        : failed(begin, wrong);
  }

  private static Outcome failed(long begin, String why) {
    return new Outcome(Outcome.End.FAILED, millisSince(begin), why);
  }

  /** Judges a server that has said something else than was expected: why it has ended. */
  private Outcome ended(String line, long begin) throws InterruptedException {
    boolean inTime =
        line != null
            && line.startsWith(FullHeapServer.ENDED)
            && process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS);
    return new Outcome(
        inTime ? Outcome.End.ENDED : Outcome.End.FAILED,
        millisSince(begin),
        line == null || line.isEmpty() ? "it says nothing" : line);
  }

  private static long millisSince(long begin) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
  }

  /** Lets clients come and go while the heap is full; returns what the server says afterwards. */
  private String fillUnderLoad() throws IOException, InterruptedException {
    List<Thread> load = new ArrayList<>();
    try {
      for (int i = 0; i < COMING_AND_GOING; i++) {
        load.add(Thread.ofPlatform().daemon().start(this::comeAndGo));
      }
      tell(FullHeapServer.FILL);
      return told.poll(full.plus(START).toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      load.forEach(Thread::interrupt);
      for (Thread one : load) {
        one.join();
      }
    }
  }

  private void comeAndGo() {
    while (!Thread.currentThread().isInterrupted()) {
      isServed(300);
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private boolean isServed(int timeout) {
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
  private Socket connect(int kind, int timeout) throws IOException {
    var client = new Socket();
    boolean greeted = false;
    try {
      client.setSoTimeout(timeout);
      client.connect(
          new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port), timeout);
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
    byte[] message = "a message that is to come back as it is".getBytes();
    client.getOutputStream().write(message);
    if (!new String(client.getInputStream().readNBytes(message.length))
        .equals(new String(message))) {
      throw new IOException("not the same");
    }
  }

  /** What has been lost of a server that serves; null if nothing has. */
  private String whatIsWrong() throws IOException, InterruptedException {
    for (int i = 0; i < SERVED_IN_A_ROW; i++) {
      if (!isServed(1_000)) {
        return "half deaf: one of %d is not served".formatted(SERVED_IN_A_ROW);
      }
    }
    for (Socket client : clients) {
      client.setSoTimeout(1_000);
      try {
        exchange(client);
      } catch (java.net.SocketTimeoutException e) {
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
        clients.add(connect(i % 2 == 0 ? PLAIN : FORKED, 1_000));
      }
    } catch (IOException e) {
      return "permits are lost: only %d of %d".formatted(clients.size(), FullHeapServer.PERMITS);
    }
    tell(FullHeapServer.QUIT);
    String drained = told.poll(within.toMillis() + 1_000, TimeUnit.MILLISECONDS);
    return drained != null && drained.startsWith(FullHeapServer.DRAINED)
        ? null
        : "the drain does not end: " + drained;
  }

  private String awaitNoneLeft() throws IOException, InterruptedException {
    String none = FullHeapServer.LEFT + "0 0";
    String left = "";
    for (long begin = System.nanoTime(); !left.equals(none); ) {
      if (millisSince(begin) > within.toMillis()) {
        return "permits and connections " + left + " with no client";
      }
      tell(FullHeapServer.COUNT);
      left = String.valueOf(told.poll(within.toMillis(), TimeUnit.MILLISECONDS));
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

  @Override
  public void close() throws IOException {
    closeClients();
    process.destroyForcibly().onExit().join();
  }
}
