package io.plainweave.fuzz.support;

import io.plainweave.AttachmentKey;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.PeerState;
import io.plainweave.TimeLimits;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import io.plainweave.tls.TlsSession;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import jdk.net.UnixDomainPrincipal;

/**
 * A connection in memory, by the public API alone: the peer has sent all that it will, and what the
 * handler writes is kept.
 */
public final class MemoryConnection implements Connection {
  private final PieceInput input;
  private final Sent sent = new Sent();
  private final AtomicReference<CloseReason> reason = new AtomicReference<>();

  private final Map<AttachmentKey<?>, Object> attachments = new ConcurrentHashMap<>();

  /** Nobody applies them. */
  private volatile TimeLimits timeLimits = TimeLimits.NONE;

  /** What the handler has written; fails as that of a socket once the connection is closed. */
  private final class Sent extends ByteArrayOutputStream {
    @Override
    public synchronized void flush() throws IOException {
      if (!isOpen()) {
        throw new ConnectionClosedException(MemoryConnection.this, reason.get(), null);
      }
    }
  }

  /** Makes one whose peer sends this. */
  public MemoryConnection(Pieces pieces) {
    input = pieces.input();
  }

  /** All that the handler has written. */
  public byte[] sent() {
    return sent.toByteArray();
  }

  @Override
  public PieceInput input() {
    return input;
  }

  @Override
  public OutputStream output() {
    return sent;
  }

  @Override
  public void write(ByteBuffer... sources) throws IOException {
    for (ByteBuffer source : sources) {
      Channels.newChannel(sent).write(source);
    }
  }

  @Override
  public long sendFile(FileChannel file, long position, long count) throws IOException {
    return file.transferTo(position, count, Channels.newChannel(sent));
  }

  @Override
  public void awaitRoom() {}

  @Override
  public int readUntil(byte last, byte[] target, int offset, int length) {
    return input.readUntil(last, target, offset, length);
  }

  @Override
  public byte[] peek(int count) {
    return input.peek(count);
  }

  @Override
  public boolean awaitMessage() {
    return input.left() > 0;
  }

  @Override
  public void endMessage() {}

  @Override
  public ConnectionScope openScope(Duration timeout) {
    return new MemoryScope();
  }

  @Override
  public void finishOutput() {}

  @Override
  public Optional<TlsSession> tls() {
    return Optional.empty();
  }

  @Override
  public TimeLimits timeLimits() {
    return timeLimits;
  }

  @Override
  public void changeTimeLimits(TimeLimits limits) {
    timeLimits = limits;
  }

  @Override
  public void startTls(ServerTls tls) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void startTls(ClientTls tls) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void endTls() {
    throw new IllegalStateException("it does not speak TLS");
  }

  @Override
  public boolean abort(CloseReason why) {
    return reason.compareAndSet(null, why);
  }

  @Override
  public void close() {
    reason.compareAndSet(null, new CloseReason.Finished());
  }

  @Override
  public boolean isOpen() {
    return reason.get() == null;
  }

  @Override
  public Optional<CloseReason> closeReason() {
    return Optional.ofNullable(reason.get());
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> Optional<T> attachment(AttachmentKey<T> key) {
    return Optional.ofNullable((T) attachments.get(key));
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> Optional<T> attach(AttachmentKey<T> key, T value) {
    return Optional.ofNullable((T) attachments.put(key, value));
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> Optional<T> detach(AttachmentKey<T> key) {
    return Optional.ofNullable((T) attachments.remove(key));
  }

  /** It has sent all that it will. */
  @Override
  public PeerState peerState() {
    return PeerState.FINISHED;
  }

  /** There is no server that drains. */
  @Override
  public boolean isDraining() {
    return false;
  }

  @Override
  public long id() {
    return 1;
  }

  @Override
  public SocketAddress remoteAddress() {
    return InetSocketAddress.createUnresolved("client.example", 50_000);
  }

  @Override
  public SocketAddress localAddress() {
    return InetSocketAddress.createUnresolved("server.example", 7_000);
  }

  @Override
  public Optional<ProxyHeader> proxyHeader() {
    return Optional.empty();
  }

  @Override
  public Optional<UnixDomainPrincipal> peerCredentials() {
    return Optional.empty();
  }

  @Override
  public String toString() {
    return "connection in memory";
  }
}
