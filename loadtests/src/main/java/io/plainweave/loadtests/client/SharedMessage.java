package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Failure;
import io.plainweave.loadtests.mqtt.Packets;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * One message of MQTT that every connection gets, once. A latency counts from the time that is in
 * the message to its last byte, for the processes of a machine share its clock.
 *
 * <p>Belongs to the thread of its {@link ClientLoop}.
 */
final class SharedMessage implements Behaviour {
  private final ClientLoop loop;
  private final int receivers;
  private final long deadline;
  private final int length = Packets.sharedLength();

  /** The beginnings of messages that have come in part. */
  private final Map<ClientConnection, byte[]> parts = new HashMap<>();

  private int received;

  SharedMessage(ClientLoop loop, Duration limit) {
    this.loop = loop;
    this.receivers = loop.open();
    this.deadline = System.nanoTime() + limit.toNanos();
    for (ClientConnection connection : loop.connections()) {
      connection.received = 0;
    }
    loop.observeBytes(this::receive);
  }

  private void receive(ClientConnection connection, ByteBuffer bytes) {
    var message = new ByteArrayOutputStream();
    byte[] before = parts.remove(connection);
    message.writeBytes(before == null ? new byte[0] : before);
    byte[] more = new byte[bytes.remaining()];
    bytes.get(more);
    message.writeBytes(more);
    connection.received += more.length;
    if (connection.received < length) {
      parts.put(connection, message.toByteArray());
    } else if (isWhole(message.toByteArray())) {
      loop.recordLatency(Math.max(0, System.nanoTime() - Packets.time(message.toByteArray())));
      received++;
    } else {
      loop.fail(
          connection,
          Failure.WRONG_BYTES,
          "connection " + connection.number + " received something else than the message, once");
    }
  }

  private boolean isWhole(byte[] bytes) {
    return bytes.length == length && Arrays.equals(bytes, Packets.shared(Packets.time(bytes)));
  }

  @Override
  public void act() {}

  @Override
  public Duration untilNext() {
    return Duration.ofMillis(100);
  }

  /** Whether every connection has it or has failed, or the time is over. */
  @Override
  public boolean isOver() {
    int failed = receivers - loop.open();
    return received + failed >= receivers || System.nanoTime() - deadline >= 0;
  }

  /** Connections that have it. */
  @Override
  public long done() {
    return received;
  }
}
