package io.plainweave.loadtests.client;

import io.plainweave.loadtests.mqtt.Packets;
import java.nio.ByteBuffer;

/** What a connection sends, and what has to come back. */
enum Dialogue {
  /** A {@link Message}, and the same. */
  ECHO {
    @Override
    void request(ClientConnection connection, ByteBuffer buffer) {
      Message.write(connection.number, connection.sequence, buffer);
    }

    @Override
    void reply(ClientConnection connection, ByteBuffer buffer) {
      Message.write(connection.number, connection.sequence, buffer);
    }
  },

  /** A subscriber of MQTT: its subscription first, then the pings that keep it alive. */
  MQTT {
    @Override
    void request(ClientConnection connection, ByteBuffer buffer) {
      boolean isFirst = connection.sequence == 0;
      buffer.clear();
      buffer.put(
          isFirst ? Packets.subscriber(connection.number, KEEP_ALIVE_SECONDS) : Packets.ping());
      buffer.flip();
    }

    @Override
    void reply(ClientConnection connection, ByteBuffer buffer) {
      buffer.clear();
      buffer.put(connection.sequence == 0 ? Packets.subscribed() : Packets.pong()).flip();
    }
  };

  /** The longest that there is: nobody is to be ended while a run takes its time. */
  private static final int KEEP_ALIVE_SECONDS = 0xffff;

  /** Replaces what the buffer holds by the connection's next message, ready to be read. */
  abstract void request(ClientConnection connection, ByteBuffer buffer);

  /** The same for what has to come back. */
  abstract void reply(ClientConnection connection, ByteBuffer buffer);
}
