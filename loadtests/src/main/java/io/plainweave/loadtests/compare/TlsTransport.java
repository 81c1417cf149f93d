package io.plainweave.loadtests.compare;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/** The bytes in records of TLS. */
final class TlsTransport implements Transport {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SocketChannel channel;
  private final TlsClient client;
  private final SSLEngine engine;

  /** The beginning of a record, ready to be added to; null until one has come in parts. */
  private ByteBuffer partial;

  /** Records for which the socket had no room; null for none. */
  private ByteBuffer unsent;

  /** Whether the server has said that nothing more comes. */
  private boolean finished;

  /** Begins the handshake, in blocking mode. */
  TlsTransport(SocketChannel channel, TlsClient client) throws IOException {
    this.channel = channel;
    this.client = client;
    engine = client.newEngine();
    engine.beginHandshake();
    speak();
  }

  @Override
  public SocketChannel channel() {
    return channel;
  }

  @Override
  public boolean isEstablished() {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }

  @Override
  public void establish() throws IOException {
    while (!isEstablished()) {
      if (read(NOTHING) < 0) {
        throw new EOFException("the server closed a connection in the handshake");
      }
    }
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    ByteBuffer in = client.received.clear();
    if (partial != null) {
      in.put(partial.flip());
      partial.clear();
    }
    int length = channel.read(in);
    in.flip();
    int begin = target.position();
    decrypt(in, target);
    if (in.hasRemaining() && !finished) {
      if (partial == null) {
        partial = ByteBuffer.allocate(TlsClient.RECORD_BYTES);
      }
      partial.put(in);
    }
    int data = target.position() - begin;
    return data == 0 && (length < 0 || finished) ? -1 : data;
  }

  /** Decrypts all records that are whole. */
  private void decrypt(ByteBuffer in, ByteBuffer target) throws IOException {
    while (in.hasRemaining()) {
      SSLEngineResult result = engine.unwrap(in, target);
      switch (result.getStatus()) {
        case OK -> {
          if (result.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            speak();
          }
        }
        case CLOSED -> {
          finished = true;
          return;
        }
        case BUFFER_UNDERFLOW -> {
          return;
        }
        case BUFFER_OVERFLOW -> throw new SSLException("the server sent more than was asked for");
      }
    }
  }

  /** Does what the engine wants to be done, until it waits for the server. */
  private void speak() throws IOException {
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> {
          for (Runnable task; (task = engine.getDelegatedTask()) != null; ) {
            task.run();
          }
        }
        case NEED_WRAP -> send(NOTHING);
        default -> {
          return;
        }
      }
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int before = source.remaining();
    while (flush() && source.hasRemaining()) {
      send(source);
    }
    return before - source.remaining();
  }

  /** Sends a record, or as many as there is room for in the buffer. */
  private void send(ByteBuffer source) throws IOException {
    ByteBuffer out = client.records.clear();
    do {
      Status status = engine.wrap(source, out).getStatus();
      if (status != Status.OK && source.hasRemaining()) {
        throw new SSLException("the engine encrypts nothing: " + status);
      }
    } while (source.hasRemaining() && out.remaining() >= TlsClient.RECORD_BYTES);
    out.flip();
    if (flush()) {
      channel.write(out);
    }
    if (out.hasRemaining()) {
      unsent = joined(unsent, out);
    }
  }

  private static ByteBuffer joined(ByteBuffer first, ByteBuffer second) {
    int length = (first == null ? 0 : first.remaining()) + second.remaining();
    ByteBuffer both = ByteBuffer.allocate(length);
    if (first != null) {
      both.put(first);
    }
    return both.put(second).flip();
  }

  private boolean flush() throws IOException {
    if (unsent != null) {
      channel.write(unsent);
      if (unsent.hasRemaining()) {
        return false;
      }
      unsent = null;
    }
    return true;
  }

  @Override
  public boolean hasUnsent() {
    return unsent != null;
  }

  /** The server answers with a close_notify of its own. */
  @Override
  public boolean finish() throws IOException {
    engine.closeOutbound();
    speak();
    channel.shutdownOutput();
    return true;
  }

  /** Says close_notify if there is room: a stream without it looks cut to the server. */
  @Override
  public void close() throws IOException {
    try (channel) {
      if (channel.isConnected() && !engine.isOutboundDone() && flush()) {
        engine.closeOutbound();
        speak();
      }
    } catch (IOException e) {
      // The server has ended it before.
    }
  }
}
