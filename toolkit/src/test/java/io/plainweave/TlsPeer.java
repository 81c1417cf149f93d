package io.plainweave;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** A client that makes records and sends them when it wants to, as they are or damaged. */
final class TlsPeer implements AutoCloseable {
  private static final int HEADER = 5;

  private final Socket socket;
  private final SSLEngine engine;

  private TlsPeer(Socket socket, SSLEngine engine) {
    this.socket = socket;
    this.engine = engine;
  }

  /** Connects and carries out the handshake. */
  static TlsPeer connect(Server server, SSLEngine engine) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    // What is sent before a reset must not wait for an acknowledgement (RFC 896), and be lost.
    socket.setTcpNoDelay(true);
    var peer = new TlsPeer(socket, engine);
    engine.beginHandshake();
    while (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> engine.getDelegatedTask().run();
        case NEED_WRAP -> peer.send(peer.record(""));
        default -> peer.receive();
      }
    }
    return peer;
  }

  /** Makes a record of a text, or of what the engine has to say if that is empty. */
  byte[] record(String text) throws SSLException {
    ByteBuffer record = ByteBuffer.allocate(32 * 1024);
    engine.wrap(ByteBuffer.wrap(text.getBytes(US_ASCII)), record);
    byte[] bytes = new byte[record.flip().remaining()];
    record.get(bytes);
    return bytes;
  }

  /** The same with an error in its last byte, where it is authenticated. */
  byte[] damagedRecord(String text) throws SSLException {
    byte[] record = record(text);
    record[record.length - 1] ^= 1;
    return record;
  }

  /** Makes the record of an alert: unexpected_message, as if a record of 64 KB had come. */
  byte[] alert() throws SSLException {
    byte[] tooLarge = {22, 3, 3, -1, -1};
    try {
      engine.unwrap(ByteBuffer.wrap(tooLarge), ByteBuffer.allocate(0));
    } catch (SSLException refused) {
      // As was to be expected.
    }
    return record("");
  }

  /** Closes the socket, and resets the connection. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** Sends records in one piece. */
  void send(byte[]... records) throws IOException {
    var all = new ByteArrayOutputStream();
    for (byte[] record : records) {
      all.write(record);
    }
    socket.getOutputStream().write(all.toByteArray());
  }

  /**
   * Receives a record and returns its data, which may be none.
   *
   * @throws SSLException if it is an alert
   */
  String receive() throws IOException {
    InputStream in = socket.getInputStream();
    ByteBuffer record = ByteBuffer.allocate(32 * 1024);
    byte[] header = in.readNBytes(HEADER);
    if (header.length < HEADER) {
      throw new EOFException("the server has finished");
    }
    record.put(header);
    record.put(in.readNBytes(record.getShort(HEADER - Short.BYTES) & 0xFFFF));
    ByteBuffer data = ByteBuffer.allocate(32 * 1024);
    engine.unwrap(record.flip(), data);
    return US_ASCII.decode(data.flip()).toString();
  }

  /** The records as they come, for who does not want to know what is in them. */
  InputStream records() throws IOException {
    return socket.getInputStream();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
