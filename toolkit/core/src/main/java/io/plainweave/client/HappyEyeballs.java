package io.plainweave.client;

import io.plainweave.internal.socket.SelfConnection;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.time.Countdown;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Connects to the first of several addresses that answers (RFC 8305, "Happy Eyeballs"). They are
 * tried one after the other, but none is waited for longer than a moment before the next one is
 * tried besides; one that fails makes room for the next at once.
 *
 * <p>Each attempt is a thread in a scope, which the first success cancels: the others are
 * interrupted, which closes their sockets. One object serves one call, for the thread that makes
 * it.
 */
final class HappyEyeballs {
  /** The "Connection Attempt Delay" of section 5. */
  static final long DELAY = TimeUnit.MILLISECONDS.toNanos(250);

  /** How many addresses are named when all have failed; a sentence is not to become a page. */
  private static final int MOST_NAMED = 4;

  /** What has become of an attempt. */
  private sealed interface Outcome {
    record Connected(SocketChannel channel) implements Outcome {}

    record Failed(Failure failure) implements Outcome {}
  }

  private record Failure(InetSocketAddress address, Throwable cause) {
    String why() {
      return cause instanceof SocketTimeoutException ? "no answer" : "" + cause.getMessage();
    }
  }

  private final TcpDestination destination;
  private final List<InetSocketAddress> addresses;
  private final Countdown deadline;
  private final long delay;

  /** One for each attempt, added by its thread. */
  private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();

  // Of the calling thread only.

  private final List<Failure> failures = new ArrayList<>();
  private @Nullable SocketChannel winner;

  /**
   * Describes a call.
   *
   * @param addresses at least one, in the order in which they are tried
   * @param delay how long one that has not answered is tried alone, in nanoseconds
   */
  HappyEyeballs(
      TcpDestination destination,
      List<InetSocketAddress> addresses,
      Countdown deadline,
      long delay) {
    this.destination = destination;
    this.addresses = addresses;
    this.deadline = deadline;
    this.delay = delay;
  }

  /**
   * Brings addresses into the order in which to try them: both families take turns, so that one
   * that leads nowhere costs one delay, and otherwise the resolver's order is kept (section 4).
   *
   * <p>IPv6 comes first. By default, Java's own order begins with IPv4, whatever the system says
   * (RFC 6724); where the property {@code java.net.preferIPv6Addresses} is set, somebody has
   * decided, and the first address of the resolver comes first.
   */
  static List<InetAddress> inOrder(List<InetAddress> addresses) {
    return interleaved(
        addresses,
        System.getProperty("java.net.preferIPv6Addresses") == null
            || addresses.getFirst() instanceof Inet6Address);
  }

  /** Lets both families take turns. */
  static List<InetAddress> interleaved(List<InetAddress> addresses, boolean ipv6First) {
    Predicate<InetAddress> isFirst = address -> address instanceof Inet6Address == ipv6First;
    Iterator<InetAddress> first = addresses.stream().filter(isFirst).iterator();
    Iterator<InetAddress> second = addresses.stream().filter(isFirst.negate()).iterator();
    List<InetAddress> inTurns = new ArrayList<>();
    while (first.hasNext() || second.hasNext()) {
      Stream.of(first, second).filter(Iterator::hasNext).map(Iterator::next).forEach(inTurns::add);
    }
    return inTurns;
  }

  /**
   * Connects.
   *
   * @return a connected channel, the caller's to close
   * @throws ConnectException if no address has answered in time: the first failure is its cause,
   *     the others are suppressed
   */
  SocketChannel connect() throws ConnectException, InterruptedException {
    return addresses.size() == 1 ? connectToOne(addresses.getFirst()) : connectToFirst();
  }

  /**
   * Connects in the calling thread. Most hosts have one address, and a scope with a thread would
   * make it three times as dear.
   */
  private SocketChannel connectToOne(InetSocketAddress address)
      throws ConnectException, InterruptedException {
    SocketChannel channel = null;
    boolean connected = false;
    try {
      channel = destination.open();
      // The only connect of the JDK with a limit that a channel in blocking mode has.
      channel.socket().connect(address, deadline.millisLeft());
      SelfConnection.refuse(channel);
      connected = true;
      return channel;
    } catch (IOException | RuntimeException e) {
      if (Thread.interrupted()) {
        throw destination.interrupted();
      }
      failures.add(new Failure(address, e));
      throw failure();
    } finally {
      if (channel != null && !connected) {
        close(channel);
      }
    }
  }

  private SocketChannel connectToFirst() throws ConnectException, InterruptedException {
    boolean complete = false;
    try {
      tryAll();
      complete = true;
    } catch (InterruptedException e) {
      throw destination.interrupted();
    } finally {
      takeRest();
      if (!complete && winner != null) {
        close(winner);
      }
    }
    if (winner == null) {
      throw failure();
    }
    return winner;
  }

  /** Returns when an address has answered, all have failed, or the time is over. */
  private void tryAll() throws InterruptedException {
    try (Scope attempts = Scope.open("connect to " + destination, Scope.virtualThreads())) {
      try {
        tryInTurn(attempts);
      } finally {
        // There is no public cancel: a subtask that asks for it has to end.
        attempts.fork(() -> Scope.After.CANCEL);
        attempts.join();
      }
    }
  }

  private void tryInTurn(Scope attempts) throws InterruptedException {
    int left = addresses.size();
    Iterator<InetSocketAddress> untried = addresses.iterator();
    while (left > 0) {
      if (untried.hasNext()) {
        InetSocketAddress address = untried.next();
        attempts.fork(() -> attempt(address));
      }
      long wait = untried.hasNext() ? Math.min(delay, deadline.left()) : deadline.left();
      switch (outcomes.poll(wait, TimeUnit.NANOSECONDS)) {
        case Outcome.Connected(SocketChannel channel) -> {
          winner = channel;
          return;
        }
        case Outcome.Failed(Failure failure) -> {
          failures.add(failure);
          left--;
        }
        case null -> {}
      }
      if (deadline.isOver()) {
        return;
      }
    }
  }

  /** One attempt, in a thread of its own; an interrupt closes its socket. */
  private Scope.After attempt(InetSocketAddress address) {
    SocketChannel channel = null;
    try {
      channel = destination.open();
      channel.connect(address);
      SelfConnection.refuse(channel);
      outcomes.add(new Outcome.Connected(channel));
      return Scope.After.CANCEL;
    } catch (Throwable e) {
      if (channel != null) {
        close(channel);
      }
      outcomes.add(new Outcome.Failed(new Failure(address, e)));
      return Scope.After.CONTINUE;
    }
  }

  /**
   * Sees to what the threads have left that have ended in the same moment: one connection is
   * enough. What was cancelled has failed only because it had no more time.
   */
  private void takeRest() {
    for (Outcome outcome; (outcome = outcomes.poll()) != null; ) {
      if (!(outcome instanceof Outcome.Connected(SocketChannel channel))) {
        continue;
      }
      if (winner == null) {
        winner = channel;
      } else {
        close(channel);
      }
    }
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)), and nobody was to use it.
    }
  }

  /** What is thrown when no address has answered. */
  private ConnectException failure() {
    List<InetSocketAddress> silent = new ArrayList<>(addresses);
    failures.forEach(failure -> silent.remove(failure.address));
    for (InetSocketAddress address : silent) {
      String message = Addresses.format(address) + " has not answered in time";
      failures.add(new Failure(address, new SocketTimeoutException(message)));
    }
    ConnectException failure = destination.failed(why(), failures.getFirst().cause);
    failures.stream().skip(1).forEach(other -> failure.addSuppressed(other.cause));
    return failure;
  }

  private String why() {
    if (failures.size() == 1) {
      return failures.getFirst().why();
    }
    Stream<String> named =
        failures.stream()
            .limit(MOST_NAMED)
            .map(failure -> failure.address.getAddress().getHostAddress() + " " + failure.why());
    Stream<String> others =
        failures.size() > MOST_NAMED
            ? Stream.of((failures.size() - MOST_NAMED) + " more addresses")
            : Stream.empty();
    return Stream.concat(named, others).collect(Collectors.joining(", "));
  }
}
