package io.plainweave.loadtests.start;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.control.Target;
import io.plainweave.loadtests.machine.SelfConnection;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The start signal as a generator waits for it. */
public final class StartSignal implements AutoCloseable {
  /** For how long the signal may come later than its generators, who come in any order. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration RETRY = Duration.ofMillis(500);
  private static final int CONNECT_MILLIS = 5_000;

  /** Nothing for that long, and it is gone: it speaks every second. */
  private static final int SILENCE_MILLIS = 15_000;

  private static final Pattern COUNT =
      Pattern.compile(
          "(" + StartServer.WAITING + "|" + StartServer.START + ") (\\d{1,9}) of (\\d{1,9})");

  private final Target at;
  private final FutureTask<Void> signal = new FutureTask<>(this::await, null);
  private final Thread waiter;

  private volatile int here; // set by the waiter, as all below
  private volatile int all;
  private volatile Socket socket = new Socket();

  private StartSignal(Target at) {
    this.at = at;
    // A daemon: the lookup of a name cannot be interrupted.
    this.waiter = Thread.ofPlatform().daemon().name("start-signal").start(signal);
  }

  /** Tells that this generator is ready, and begins to wait. */
  public static StartSignal readyAt(Target at) {
    return new StartSignal(at);
  }

  /**
   * Whether the run begins now.
   *
   * @throws RunFailed if it will not begin
   */
  public boolean isGiven() throws InterruptedException {
    if (!signal.isDone()) {
      return false;
    }
    try {
      signal.get();
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RunFailed failed) {
        throw failed;
      }
      throw new IllegalStateException("the wait for the start signal failed", e.getCause());
    }
  }

  /** How many generators are there, as far as is known. */
  public int here() {
    return here;
  }

  /** How many have to come; 0 as long as nobody has said so. */
  public int all() {
    return all;
  }

  /** Waits no longer. */
  @Override
  public void close() {
    waiter.interrupt();
    close(socket);
  }

  private void await() {
    try (Socket connected = connect();
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(connected.getInputStream(), StandardCharsets.US_ASCII))) {
      connected.setSoTimeout(SILENCE_MILLIS);
      connected
          .getOutputStream()
          .write((StartServer.READY + "\n").getBytes(StandardCharsets.US_ASCII));
      for (String line; (line = lines.readLine()) != null; ) {
        Matcher count = COUNT.matcher(line);
        if (count.matches()) {
          here = Integer.parseInt(count.group(2));
          all = Integer.parseInt(count.group(3));
          if (count.group(1).equals(StartServer.START)) {
            return;
          }
        } else if (line.startsWith(StartServer.FAILED + " ")) {
          throw new RunFailed(line.substring(StartServer.FAILED.length() + 1));
        } else {
          throw new RunFailed("what is at " + at + " is no start signal: it says \"" + line + "\"");
        }
      }
      throw new RunFailed("the start signal at " + at + " ended before it was given");
    } catch (SocketTimeoutException e) {
      throw new RunFailed(
          "the start signal at " + at + " has said nothing for " + SILENCE_MILLIS / 1_000 + " s",
          e);
    } catch (IOException e) {
      throw new RunFailed("the start signal at " + at + " is lost: " + e.getMessage(), e);
    }
  }

  private Socket connect() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Socket attempt = new Socket();
      socket = attempt;
      try {
        attempt.connect(new InetSocketAddress(at.host(), at.port()), CONNECT_MILLIS);
        SelfConnection.refuse(attempt);
        return attempt;
      } catch (IOException e) {
        close(attempt);
        if (deadline - System.nanoTime() <= 0) {
          throw new RunFailed(
              "the start signal at "
                  + at
                  + " was not there within "
                  + PATIENCE.toSeconds()
                  + " s: "
                  + (e instanceof UnknownHostException
                      ? "there is no address of that name"
                      : e.getMessage()),
              e);
        }
      }
      try {
        Thread.sleep(RETRY);
      } catch (InterruptedException e) {
        throw new RunFailed("interrupted", e);
      }
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException ignored) {
      // It held nothing but the wait.
    }
  }
}
