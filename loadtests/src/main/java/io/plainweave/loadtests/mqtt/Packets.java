package io.plainweave.loadtests.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/** Packets of MQTT 3.1.1, none of which is longer than 127 bytes behind its fixed header. */
public final class Packets {
  /** What everybody subscribes to. */
  public static final String SHARED_TOPIC = "everybody";

  private Packets() {}

  /**
   * What a subscriber sends when it is connected: CONNECT without a session to go on with, and
   * SUBSCRIBE to a topic of its own and to that of everybody, QoS 0.
   *
   * @param keepAliveSeconds within which it promises to send something
   */
  public static byte[] subscriber(int number, int keepAliveSeconds) {
    byte[] connect =
        packet(0x10, text("MQTT"), bytes(4, 2), number(keepAliveSeconds), text("client" + number));
    byte[] subscribe =
        packet(0x82, number(1), text("client/" + number), bytes(0), text(SHARED_TOPIC), bytes(0));
    return join(connect, subscribe);
  }

  /** What the broker answers to that: CONNACK, and SUBACK that grants both. */
  public static byte[] subscribed() {
    return bytes(0x20, 2, 0, 0, 0x90, 4, 0, 1, 0, 0);
  }

  /** PINGREQ. */
  public static byte[] ping() {
    return bytes(0xc0, 0);
  }

  /** PINGRESP. */
  public static byte[] pong() {
    return bytes(0xd0, 0);
  }

  /** What everybody gets: a PUBLISH of QoS 0 with a time in it, and some text behind that. */
  public static byte[] shared(long time) {
    byte[] payload = ByteBuffer.allocate(Long.BYTES).putLong(time).array();
    return packet(0x30, text(SHARED_TOPIC), payload, "good morning, everybody".getBytes(UTF_8));
  }

  /** The length of {@link #shared}. */
  public static int sharedLength() {
    return shared(0).length;
  }

  /** The time that is in what begins as {@link #shared} does. */
  public static long time(byte[] shared) {
    return ByteBuffer.wrap(shared).getLong(4 + SHARED_TOPIC.length());
  }

  /** All that a publisher sends to its end: CONNECT, {@link #shared}, and DISCONNECT. */
  public static byte[] publisher(long time) {
    byte[] connect = packet(0x10, text("MQTT"), bytes(4, 2), number(0), text("publisher"));
    return join(connect, shared(time), bytes(0xe0, 0));
  }

  private static byte[] packet(int first, byte[]... parts) {
    byte[] body = join(parts);
    return join(bytes(first, body.length), body);
  }

  private static byte[] text(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return join(number(bytes.length), bytes);
  }

  private static byte[] number(int number) {
    return bytes(number >> 8, number);
  }

  private static byte[] bytes(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length);
    for (int value : values) {
      bytes.put((byte) value);
    }
    return bytes.array();
  }

  private static byte[] join(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}
