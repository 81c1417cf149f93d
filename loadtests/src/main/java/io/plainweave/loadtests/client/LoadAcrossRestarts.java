package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/**
 * Messages that become due at a fixed rate, while servers end connections in order and others take
 * their place.
 *
 * <p>A connection whose stream ends is opened again. If a message was in flight on it, and no byte
 * of the answer had come, that message is sent again: the server that ended the stream has not
 * processed it (RFC 9112, section 9.3.1, has the same rule for idempotent requests). Its latency
 * counts from when it was due at first. An end within an answer is a failure, as is every connect
 * that does not come through.
 *
 * <p>One message in {@value #NEW_EVERY} goes over a connection of its own, since only who connects
 * all the time would notice a moment in which nobody listens.
 *
 * <p>Belongs to the thread of its {@link ClientLoop}.
 */
final class LoadAcrossRestarts implements Behaviour {
  private static final int NEW_EVERY = 10;

  /** Over how long a time those come back whose connections have ended at once. */
  private static final Duration SPREAD = Duration.ofMillis(200);

  private static final Duration FORGETS_EVERY = Duration.ofSeconds(1);
  private static final Duration LOOK = Duration.ofMillis(1);

  /** A connection in the place of one that has ended. */
  private sealed interface Return {
    long at();

    /** One that stays, with nothing to send. */
    record Idle(long at) implements Return {}

    /** One that sends a message again, and stays or not. */
    record WithMessage(long at, long due, boolean stays) implements Return {}
  }

  private final ClientLoop loop;
  private final Pace pace;
  private final int firstNew;
  private final List<InetSocketAddress> targets;
  private final BooleanSupplier isToEnd;
  private final long answeredBefore;
  private final Queue<ClientConnection> idle = new ArrayDeque<>();
  private final Queue<Return> returns = new PriorityQueue<>(Comparator.comparingLong(Return::at));

  /** Those that stay have even numbers, those for one message odd ones. */
  private int nextThatStays;

  private int nextForOneMessage;
  private long nextForget = System.nanoTime();
  private boolean ended;
  private long greetings; // first messages of connections that came back with none to send again
  private long sentAgain;
  private long reconnected;
  private long opened;

  /**
   * Begins at once.
   *
   * @param isToEnd asked again and again until it says so; from then on no message is due
   */
  LoadAcrossRestarts(
      ClientLoop loop,
      Order.LoadAcrossRestarts order,
      List<InetSocketAddress> targets,
      BooleanSupplier isToEnd) {
    this.loop = loop;
    this.pace = new Pace(System.nanoTime(), order.rate(), Long.MAX_VALUE);
    this.firstNew = order.firstNew();
    this.targets = targets;
    this.isToEnd = isToEnd;
    this.answeredBefore = loop.answered();
    this.nextThatStays = firstNew + firstNew % 2;
    this.nextForOneMessage = nextThatStays + 1;
    loop.connections().stream().filter(ClientConnection::isIdle).forEach(idle::add);
    loop.observeIdle(this::answered);
    loop.expectEnd(this::mayEnd);
  }

  /** Opens and sends what is due, as far as there are connections to send it on. */
  @Override
  public void act() {
    if (!ended && isToEnd.getAsBoolean()) {
      ended = true;
      pace.end();
    }
    long now = System.nanoTime();
    while (!returns.isEmpty() && returns.peek().at() - now <= 0) {
      connectAgain(returns.remove());
    }
    for (int i = 0; i < Pace.BURST && pace.isDue() && send(); i++) {}
    if (now - nextForget >= 0) {
      nextForget = now + FORGETS_EVERY.toNanos();
      loop.forgetClosed();
    }
  }

  /** Whether there was a connection for the message. */
  private boolean send() {
    if (pace.taken() % NEW_EVERY == 0) {
      opened++;
      connectForOneMessage(pace.take());
      return true;
    }
    ClientConnection connection;
    do {
      connection = idle.poll();
    } while (connection != null && !connection.isIdle()); // it may have ended since
    if (connection == null) {
      return false;
    }
    loop.exchange(connection, pace.take());
    return true;
  }

  private void connectAgain(Return back) {
    switch (back) {
      case Return.Idle _ -> {
        reconnected++;
        greetings++;
        loop.connect(nextThatStays, target(nextThatStays));
        nextThatStays += 2;
      }
      case Return.WithMessage(_, long dueAt, boolean stays) when stays -> {
        reconnected++;
        loop.connect(nextThatStays, target(nextThatStays), dueAt);
        nextThatStays += 2;
      }
      case Return.WithMessage(_, long dueAt, _) -> connectForOneMessage(dueAt);
    }
  }

  private void connectForOneMessage(long dueAt) {
    loop.connectOnce(nextForOneMessage, target(nextForOneMessage), dueAt);
    nextForOneMessage += 2;
  }

  private InetSocketAddress target(int number) {
    return targets.get(number / 2 % targets.size());
  }

  private boolean stays(ClientConnection connection) {
    return connection.number < firstNew || connection.number % 2 == 0;
  }

  private void answered(ClientConnection connection) {
    if (stays(connection)) {
      idle.add(connection);
    } else {
      loop.finish(connection);
    }
  }

  private boolean mayEnd(ClientConnection connection) {
    long now = System.nanoTime();
    return switch (connection.state) {
      case ENDING -> true;
      case IDLE -> {
        long later = ThreadLocalRandom.current().nextLong(SPREAD.toNanos());
        returns.add(new Return.Idle(now + later));
        yield true;
      }
      case AWAITING_ECHO -> {
        if (connection.received > 0) {
          yield false;
        }
        sentAgain++;
        returns.add(new Return.WithMessage(now, connection.since, stays(connection)));
        yield true;
      }
      case CONNECTING, CLOSED -> false;
    };
  }

  @Override
  public Duration untilNext() {
    // Returns, and connections that become idle, come at any time.
    Duration next = pace.untilNext();
    return ended || next.compareTo(LOOK) > 0 ? LOOK : next;
  }

  /** Whether every message that was due is answered or has failed, and every connection is back. */
  @Override
  public boolean isOver() {
    boolean sent = pace.isOver() || loop.open() == 0; // or there is nothing to send it on
    return ended && sent && returns.isEmpty() && loop.inFlight() == 0;
  }

  @Override
  public long done() {
    return loop.answered() - answeredBefore;
  }

  Notice.Moved moved() {
    return new Notice.Moved(pace.count() + greetings, sentAgain, reconnected, opened);
  }
}
