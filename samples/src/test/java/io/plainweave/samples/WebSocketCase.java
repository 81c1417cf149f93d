package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A line of {@code websocket-cases.txt}, whose head says how it is written. */
record WebSocketCase(String section, String what, String sent, String expected) {
  private static final String FILE = "websocket-cases.txt";
  private static final HexFormat HEX = HexFormat.of();

  private static final List<String> OPCODES =
      List.of(
          "cont", "text", "bin", "op3", "op4", "op5", "op6", "op7", "close", "ping", "pong", "op11",
          "op12", "op13", "op14", "op15");

  private static final Pattern OPCODE =
      Pattern.compile("(closeraw|raw|cont|text|bin|ping|pong|close|op\\d+)(.*)");

  private static final String HANDSHAKE =
      "GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  /** The example of RFC 6455, section 1.3. */
  private static final String ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

  /** A frame that was received; of a close the code alone, since the reason is anybody's. */
  private record Frame(int opcode, String payload) {}

  static List<WebSocketCase> all() throws IOException {
    try (InputStream file = WebSocketCase.class.getResourceAsStream(FILE)) {
      return new String(file.readAllBytes(), US_ASCII)
          .lines()
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .map(line -> line.split(" \\| ", 4))
          .map(parts -> new WebSocketCase(parts[0], parts[1], parts[2], parts[3].strip()))
          .toList();
    }
  }

  /** Returns what is wrong with the answer; empty if it is as expected. */
  String mistake(int port) throws IOException {
    boolean closes = !expected.contains("close:");
    var bytes = new ByteArrayOutputStream();
    for (String frame : (sent + (closes ? " close:1000" : "")).split(" ")) {
      bytes.write(frame(frame));
    }
    List<Frame> due = new ArrayList<>();
    for (String frame : (expected + (closes ? " close:1000" : "")).strip().split(" ")) {
      byte[] raw = frame(frame);
      due.add(received(new DataInputStream(new java.io.ByteArrayInputStream(unmasked(raw)))));
    }
    List<Frame> answer = answer(port, bytes.toByteArray());
    return answer.equals(due) ? "" : this + ": " + shortened(answer);
  }

  private static String shortened(List<Frame> frames) {
    return frames.stream()
        .map(frame -> frame.payload.length() > 80 ? frame.opcode + ":..." : "" + frame)
        .toList()
        .toString();
  }

  private static List<Frame> answer(int port, byte[] frames) throws IOException {
    List<Frame> answer = new ArrayList<>();
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(HANDSHAKE.getBytes(US_ASCII));
      var in = new DataInputStream(socket.getInputStream());
      if (!head(in).contains(ACCEPT)) {
        return List.of();
      }
      socket.getOutputStream().write(frames);
      while (true) {
        answer.add(received(in));
      }
    } catch (EOFException end) {
      return answer;
    } catch (SocketException reset) {
      answer.add(new Frame(-1, "reset"));
      return answer;
    }
  }

  private static String head(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException();
      }
      head.append((char) b);
    }
    return head.toString();
  }

  private static Frame received(DataInputStream in) throws IOException {
    int first = in.readUnsignedByte();
    int length = in.readUnsignedByte();
    if (length == 126) {
      length = in.readUnsignedShort();
    } else if (length == 127) {
      length = Math.toIntExact(in.readLong());
    }
    byte[] payload = in.readNBytes(length);
    boolean isClose = (first & 0xf) == OPCODES.indexOf("close");
    byte[] told = isClose ? Arrays.copyOf(payload, Math.min(2, length)) : payload;
    return new Frame(first, HEX.formatHex(told));
  }

  // ---- What is sent

  private static byte[] frame(String text) {
    int colon = text.indexOf(':');
    Matcher opcode = OPCODE.matcher(text.substring(0, colon));
    if (!opcode.matches()) {
      throw new IllegalArgumentException(text);
    }
    String value = text.substring(colon + 1);
    return switch (opcode.group(1)) {
      case "raw" -> HEX.parseHex(value);
      case "closeraw" -> frame(OPCODES.indexOf("close"), "", payload(value));
      case "close" -> frame(OPCODES.indexOf("close"), opcode.group(2), closePayload(value));
      default -> frame(OPCODES.indexOf(opcode.group(1)), opcode.group(2), payload(value));
    };
  }

  private static byte[] frame(int opcode, String flags, byte[] payload) {
    int reserved = flags.contains("r") ? flags.charAt(flags.indexOf('r') + 1) - '0' : 0;
    boolean isLast = !flags.contains("-");
    boolean isMasked = !flags.contains("!");
    byte[] mask = flags.contains("z") ? new byte[4] : new byte[] {0x12, (byte) 0xa5, 0x7f, 0x01};
    int n = payload.length;
    boolean long16 = flags.contains("l16") || (n > 125 && n < 65_536);
    boolean long64 = flags.contains("l64") || n > 65_535;
    var frame = ByteBuffer.allocate(14 + n);
    frame.put((byte) ((isLast ? 0x80 : 0) | reserved << 4 | opcode));
    int masked = isMasked ? 0x80 : 0;
    if (long64) {
      frame.put((byte) (masked | 127)).putLong(n);
    } else if (long16) {
      frame.put((byte) (masked | 126)).putShort((short) n);
    } else {
      frame.put((byte) (masked | n));
    }
    if (isMasked) {
      frame.put(mask);
    }
    for (int i = 0; i < n; i++) {
      frame.put((byte) (isMasked ? payload[i] ^ mask[i & 3] : payload[i]));
    }
    return Arrays.copyOf(frame.array(), frame.position());
  }

  /** The frame as a server sends it. */
  private static byte[] unmasked(byte[] frame) {
    int length = frame[1] & 0x7f;
    int head = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0);
    var result = Arrays.copyOf(frame, frame.length - 4);
    result[1] &= 0x7f;
    for (int i = 0; head + i < result.length; i++) {
      result[head + i] = (byte) (frame[head + 4 + i] ^ frame[head + (i & 3)]);
    }
    return result;
  }

  private static byte[] payload(String text) {
    if (text.contains("+")) {
      String[] parts = text.split("\\+");
      var both = new ByteArrayOutputStream();
      both.writeBytes(payload(parts[0]));
      both.writeBytes(payload(parts[1]));
      return both.toByteArray();
    }
    if (text.startsWith("'")) {
      return text.substring(1, text.length() - 1).getBytes(ISO_8859_1);
    }
    if (text.contains("*")) {
      var all = new byte[Integer.parseInt(text.substring(0, text.indexOf('*')))];
      Arrays.fill(all, HEX.parseHex(text.substring(text.indexOf('*') + 1))[0]);
      return all;
    }
    return HEX.parseHex(text);
  }

  /**
   * A code, and perhaps a reason; nothing at all; or only bytes, where the code is not the point.
   */
  private static byte[] closePayload(String text) {
    if (text.isEmpty() || text.startsWith("'") || text.contains("*")) {
      return payload(text);
    }
    String code = text.replaceFirst("'.*", "");
    byte[] reason = payload(text.equals(code) ? "''" : text.substring(code.length()));
    return ByteBuffer.allocate(2 + reason.length)
        .putShort((short) Integer.parseInt(code))
        .put(reason)
        .array();
  }
}
