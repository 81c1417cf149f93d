package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Failure;
import io.plainweave.loadtests.control.Order;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Messages of one connection that everyone gets, the sender too. A latency counts from when the
 * message was due to its last byte at the receiver.
 *
 * <p>Every client knows when each message is due, for the clients of a machine share its clock.
 *
 * <p>Belongs to the thread of its {@link ClientLoop}.
 */
final class BroadcastLoad implements Behaviour {
  /** How long the last messages may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Number of the first message: each connection has exchanged one before. */
  private static final int FIRST = 1;

  private final ClientLoop loop;
  private final Order.Broadcast order;
  private final Pace pace;
  private final Optional<ClientConnection> sender;
  private final ByteBuffer outgoing = ByteBuffer.allocateDirect(Message.BYTES).limit(0);
  private final ByteBuffer expected = ByteBuffer.allocateDirect(Message.BYTES);

  /** When the last connection here had each message, in nanoseconds since it was due. */
  private final List<Long> lasts = new ArrayList<>();

  private final int receivers;
  private int done; // receivers that have everything
  private long receipts;

  BroadcastLoad(ClientLoop loop, Order.Broadcast order) {
    this.loop = loop;
    this.order = order;
    this.pace = new Pace(order.start(), order.rate(), order.messages());
    this.sender = loop.connections().stream().filter(it -> it.number == order.sender()).findFirst();
    this.receivers = loop.open();
    for (int i = 0; i < order.messages(); i++) {
      lasts.add(0L);
    }
    for (ClientConnection connection : loop.connections()) {
      connection.received = 0;
    }
    loop.observeBytes(this::receive);
  }

  @Override
  public void act() {
    if (sender.isEmpty() || sender.get().state != ClientConnection.State.IDLE) {
      return;
    }
    ClientConnection connection = sender.get();
    try {
      while (outgoing.hasRemaining() || pace.isDue()) {
        if (!outgoing.hasRemaining()) {
          Message.write(order.sender(), FIRST + (int) pace.taken(), outgoing);
          pace.take();
        }
        if (connection.channel.write(outgoing) == 0) {
          return;
        }
      }
    } catch (IOException e) {
      loop.fail(connection, Failure.RESET, "the sender failed to send: " + e);
    }
  }

  private void receive(ClientConnection connection, ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      int length = Math.min(bytes.remaining(), Message.BYTES - connection.received);
      Message.write(order.sender(), connection.sequence, expected);
      if (connection.sequence >= FIRST + order.messages()
          || !bytes
              .slice(bytes.position(), length)
              .equals(expected.slice(connection.received, length))) {
        loop.fail(
            connection,
            Failure.WRONG_BYTES,
            "connection "
                + connection.number
                + " received no part of message "
                + connection.sequence);
        return;
      }
      bytes.position(bytes.position() + length);
      connection.received += length;
      if (connection.received == Message.BYTES) {
        received(connection);
      }
    }
  }

  private void received(ClientConnection connection) {
    int message = connection.sequence - FIRST;
    long latency = Math.max(0, System.nanoTime() - pace.due(message));
    loop.recordLatency(latency);
    lasts.set(message, Math.max(latency, lasts.get(message)));
    receipts++;
    connection.received = 0;
    connection.sequence++;
    if (message == order.messages() - 1) {
      done++;
    }
  }

  @Override
  public Duration untilNext() {
    return sender.isEmpty() ? Duration.ofMillis(100) : pace.untilNext();
  }

  /** Whether every receiver has everything or has failed, or the last message is long overdue. */
  @Override
  public boolean isOver() {
    int failed = receivers - loop.open();
    return done + failed >= receivers
        || System.nanoTime() - pace.due(order.messages()) > PATIENCE.toNanos();
  }

  /** Messages received, over all receivers. */
  @Override
  public long done() {
    return receipts;
  }

  List<Long> lasts() {
    return lasts;
  }
}
