package io.plainweave.loadtests.havoc;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * One connection of a good client, from its begin to its end. What comes back is compared byte for
 * byte as it comes, so that also one that is broken in the middle has got nothing wrong before.
 */
final class Conversation {
  private static final int REPEATS = 40;
  private static final int REPEAT_AFTER_MILLIS = 500;
  private static final int ROOMS = 4;

  final long number;
  final Work work;
  final long begin = System.nanoTime();
  private final Place place;
  private final Random random;

  /** The thread that leads it; null when it has ended. Guarded by this. */
  private Thread thread = Thread.currentThread();

  /** Set once, by its thread; null before it is connected, and for UDP. */
  volatile Wire wire;

  /** What was done to it; set by the one who deals blows before the blow, null if nothing was. */
  volatile Blow blow;

  Conversation(long number, Work work, Place place) {
    this.number = number;
    this.work = work;
    this.place = place;
    random = new Random(number);
  }

  /**
   * Leads it to its end.
   *
   * @throws IOException if it breaks
   * @throws WrongBytes if the server has sent what it should not
   */
  void lead() throws IOException {
    if (work == Work.UDP) {
      datagrams();
      return;
    }
    try (Wire opened = open()) {
      wire = opened;
      var input = new DataInputStream(new BufferedInputStream(opened.input()));
      var output = new DataOutputStream(opened.output());
      output.write(work.code);
      switch (work) {
        case ECHO, TLS_ECHO, UNIX_ECHO -> echo(input, output);
        case RELAYED -> {
          output.write('e');
          echo(input, output);
        }
        case FRAMES, TLS_FRAMES, UNIX_FRAMES, POOLED -> requests(input, output, 1);
        case PIPELINED -> requests(input, output, 20);
        case PUSHED -> pushed(input, output);
        case GROUP -> group(input, output);
        case UDP -> throw new IllegalStateException();
      }
    }
  }

  /** Interrupts it, unless it has ended: its thread may lead another one by now. */
  synchronized void interrupt() {
    if (thread != null) {
      thread.interrupt();
    }
  }

  /** Called by its thread when it has ended. */
  synchronized void ended() {
    thread = null;
    Thread.interrupted(); // the interrupt was meant for this one
  }

  private Wire open() throws IOException {
    return switch (work) {
      case TLS_ECHO, TLS_FRAMES -> Wire.tls(place.tlsPort());
      case UNIX_ECHO, UNIX_FRAMES -> Wire.unix(place);
      default -> Wire.tcp(place.port());
    };
  }

  private void echo(DataInputStream input, DataOutputStream output) throws IOException {
    int count = 1 + random.nextInt(20);
    for (int i = 0; i < count; i++) {
      byte[] message = Bytes.message(number, i);
      output.write(message);
      same(message, read(input, message.length));
    }
    end(input);
  }

  private void requests(DataInputStream input, DataOutputStream output, int together)
      throws IOException {
    int rounds = 1 + random.nextInt(20);
    for (int i = 0; i < rounds; i++) {
      var buffer = new ByteArrayOutputStream();
      var frames = new DataOutputStream(buffer);
      for (int j = 0; j < together; j++) {
        writeFrame(frames, Bytes.message(number, i * together + j));
      }
      output.write(buffer.toByteArray());
      for (int j = 0; j < together; j++) {
        same(Bytes.answer(Bytes.message(number, i * together + j)), readFrame(input));
      }
    }
    end(input);
  }

  private void pushed(DataInputStream input, DataOutputStream output) throws IOException {
    int count = 1 + random.nextInt(200);
    output.write(ByteBuffer.allocate(Bytes.HEAD).putLong(number).putInt(count).array());
    for (int i = 0; i < count; i++) {
      byte[] message = Bytes.message(number, i);
      same(message, read(input, message.length));
    }
    end(input);
  }

  private void group(DataInputStream input, DataOutputStream output) throws IOException {
    byte[] name = {(byte) (number % ROOMS)};
    writeFrame(output, name);
    Map<Long, Integer> last = new HashMap<>();
    byte[] first = readFrame(input);
    while (first.length != 1) { // who has joined gets news before the answer
      isNextOf(last, first);
      first = readFrame(input);
    }
    same(name, first);
    int count = 1 + random.nextInt(20);
    for (int i = 0; i < count; i++) {
      writeFrame(output, Bytes.message(number, i));
      byte[] got;
      do {
        got = readFrame(input);
        isNextOf(last, got);
      } while (Bytes.sender(got) != number);
      if (Bytes.number(got) != i) {
        throw new WrongBytes("its own message " + Bytes.number(got) + " in place of " + i);
      }
    }
    wire.finish();
    // Until the server has finished, the others go on.
    for (int length; (length = input.read()) >= 0; ) {
      isNextOf(last, read(input, length << 8 | input.readUnsignedByte()));
    }
  }

  private void isNextOf(Map<Long, Integer> last, byte[] message) {
    if (message.length < Bytes.HEAD) {
      throw new WrongBytes("a message of " + message.length + " bytes");
    }
    long sender = Bytes.sender(message);
    int got = Bytes.number(message);
    same(Bytes.message(sender, got), message);
    Integer before = last.put(sender, got);
    if (before != null && got != before + 1) {
      throw new WrongBytes("message %d of %d behind its %d".formatted(got, sender, before));
    }
  }

  private void end(DataInputStream input) throws IOException {
    wire.finish();
    if (input.read() >= 0) {
      throw new WrongBytes("more bytes than were asked for");
    }
  }

  private static void writeFrame(DataOutputStream output, byte[] message) throws IOException {
    byte[] frame = new byte[2 + message.length];
    ByteBuffer.wrap(frame).putShort((short) message.length).put(message);
    output.write(frame);
  }

  private static byte[] readFrame(DataInputStream input) throws IOException {
    return read(input, input.readUnsignedShort());
  }

  private static byte[] read(DataInputStream input, int length) throws IOException {
    byte[] bytes = input.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("the stream has ended after %d of %d".formatted(bytes.length, length));
    }
    return bytes;
  }

  private static void same(byte[] expected, byte[] got) {
    if (!Arrays.equals(expected, got)) {
      throw new WrongBytes(
          "%d bytes that differ from byte %d on"
              .formatted(got.length, Arrays.mismatch(expected, got)));
    }
  }

  /** Datagrams may be lost: each is sent again until its answer is there. */
  private void datagrams() throws IOException {
    try (var socket = new DatagramSocket()) {
      socket.connect(InetAddress.getLoopbackAddress(), place.port());
      socket.setSoTimeout(REPEAT_AFTER_MILLIS);
      int count = 1 + random.nextInt(20);
      for (int i = 0; i < count; i++) {
        ask(socket, i);
      }
      socket.send(new DatagramPacket(new byte[0], 0));
    }
  }

  private void ask(DatagramSocket socket, int i) throws IOException {
    byte[] request = Bytes.message(number, i);
    var answer = new DatagramPacket(new byte[2_000], 2_000);
    for (int attempt = 0; attempt < REPEATS; attempt++) {
      socket.send(new DatagramPacket(request, request.length));
      try {
        while (true) {
          socket.receive(answer);
          byte[] got = Bytes.answer(Arrays.copyOf(answer.getData(), answer.getLength()));
          int of = got.length < Bytes.HEAD ? -1 : Bytes.number(got);
          if (of < 0 || of > i) {
            throw new WrongBytes("an answer to nothing that was asked");
          }
          same(Bytes.message(number, of), got);
          if (of == i) {
            return;
          }
        }
      } catch (SocketTimeoutException e) {
        // Once more.
      }
    }
    throw new IOException("no answer to a datagram that was sent %d times".formatted(REPEATS));
  }

  @Override
  public String toString() {
    Wire at = wire;
    return "%s %d%s"
        .formatted(work, number, at == null || at.name() == null ? "" : " at " + at.name());
  }
}
