package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client of MQTT for what others do not do: it sends and expects packets as they are written
 * here, in hexadecimal digits, 'text', s'text' with its length in two bytes before it, any of these
 * *repeated, and brackets with the length of what is in them before it, as at a fixed header.
 */
record MqttClient(Client client) implements AutoCloseable {
  /** An unknown client without a session to go on with. */
  static final String CONNECT = "10 [ s'MQTT' 04 02 0000 s'' ]";

  static final String CONNACK = "20 02 00 00";

  private static final Pattern PART =
      Pattern.compile(
          "\\s*(?:(s)?'([^']*)'(?:\\*(\\d+))?|([0-9a-f]+)(?:\\*(\\d+))?|(\\[)|(]))\\s*");

  private static final HexFormat HEX = HexFormat.of();

  /** Connects without a word. */
  static MqttClient silent(int port) throws IOException {
    return new MqttClient(Client.connect(port));
  }

  /** Connects with a CONNECT that must be accepted. */
  static MqttClient connect(int port, String packet) throws IOException {
    MqttClient client = silent(port);
    client.send(packet);
    client.expect(CONNACK);
    return client;
  }

  static MqttClient connect(int port) throws IOException {
    return connect(port, CONNECT);
  }

  /** Connects, and subscribes to a filter. */
  static MqttClient subscriber(int port, String filter, int qos) throws IOException {
    MqttClient client = connect(port);
    client.send("82 [ 0001 s'" + filter + "' 0" + qos + " ]");
    client.expect("90 03 0001 0" + qos);
    return client;
  }

  void send(String packets) throws IOException {
    client.socket().getOutputStream().write(bytes(packets));
  }

  /** Fails unless this comes next. */
  void expect(String packets) throws IOException {
    byte[] expected = bytes(packets);
    byte[] received = client.socket().getInputStream().readNBytes(expected.length);
    assertEquals(HEX.formatHex(expected), HEX.formatHex(received), packets);
  }

  /** Shows that the server is there and that all it has sent before was read. */
  void ping() throws IOException {
    send("c0 00");
    expect("d0 00");
  }

  /** Waits for the end of the connection, in whatever way; returns what has come before. */
  String receiveRest() throws IOException {
    var rest = new ByteArrayOutputStream();
    try {
      client.socket().getInputStream().transferTo(rest);
    } catch (SocketException reset) {
      // is an end as well
    }
    return HEX.formatHex(rest.toByteArray());
  }

  @Override
  public void close() throws IOException {
    client.close();
  }

  static byte[] bytes(String packets) {
    var open = new ArrayDeque<ByteArrayOutputStream>();
    open.push(new ByteArrayOutputStream());
    Matcher part = PART.matcher(packets);
    while (part.lookingAt()) {
      if (part.group(6) != null) {
        open.push(new ByteArrayOutputStream());
      } else if (part.group(7) != null) {
        byte[] body = open.pop().toByteArray();
        int length = body.length;
        for (; length >= 0x80; length >>= 7) {
          open.element().write(length | 0x80);
        }
        open.element().write(length);
        open.element().writeBytes(body);
      } else if (part.group(4) != null) {
        open.element().writeBytes(HEX.parseHex(repeated(part.group(4), part.group(5))));
      } else {
        byte[] text = repeated(part.group(2), part.group(3)).getBytes(UTF_8);
        if (part.group(1) != null) {
          open.element().write(text.length >> 8);
          open.element().write(text.length);
        }
        open.element().writeBytes(text);
      }
      part.region(part.end(), packets.length());
    }
    if (part.regionStart() != packets.length() || open.size() != 1) {
      throw new IllegalArgumentException("no packets: " + packets);
    }
    return open.pop().toByteArray();
  }

  private static String repeated(String text, String times) {
    return times == null ? text : text.repeat(Integer.parseInt(times));
  }
}
