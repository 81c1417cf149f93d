package io.plainweave;

import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;
import jdk.net.UnixDomainPrincipal;

/**
 * One connection, accepted by a {@link io.plainweave.server.Server} or opened by a {@link
 * io.plainweave.client.Connector}: two byte streams, each of which ends on its own.
 *
 * <p>The end of the input is not the end of the output. A peer that has finished its side (FIN) may
 * still be waiting for the reply, and {@link #finishOutput()} finishes ours while reading goes on
 * (RFC 9293, section 3.6).
 *
 * <p><b>Threads.</b> One thread may read and another may write at the same time; two readers, or
 * two writers, at the same time are an error of the handler, and the second one gets a {@link
 * ConnectionBusyException}. {@link #abort()}, {@link #close()} and the accessors may be called from
 * any thread at any moment: whoever reads or writes then fails with a {@link
 * ConnectionClosedException}.
 *
 * <p><b>Blocking and interruption.</b> Reading waits for input and writing waits for room in the
 * socket; {@link TimeLimits} say how long, and {@link Deadline} for one call or for many.
 * Interrupting a thread that reads or writes, or that begins to while its interrupt flag is set,
 * ends the connection with a reset and fails with a {@link ConnectionClosedException}: this is what
 * cancellation is made of, and the peer must not take what was cut for the whole. Only behind
 * {@link #finishOutput()}, when nothing can be cut any more, it is closed without a reset. A
 * handler that returns with its interrupt status set ends its connection in order, as others do.
 *
 * <p><b>Failures</b> are {@link ConnectionException}s: the peer has reset the connection, it was
 * closed at this side, or two threads use one direction at a time. Over TLS, an {@link
 * SSLException} is one more: the peer has sent what is no TLS, or an alert.
 *
 * <p>Anybody may implement it, to run a handler in a test without a socket. Later versions may add
 * methods to it.
 */
public interface Connection extends Duplex {
  /**
   * Returns the stream of bytes from the peer.
   *
   * <p>Its {@code read} returns -1 when the peer has finished its output, and when the server
   * drains, or a time limit is over, while this connection waits for input; {@link #isDraining()}
   * and {@link #closeReason()} say which. The stream needs no {@code BufferedInputStream} around
   * it: single bytes are read from a buffer that is held only while there are bytes in it. {@link
   * InputStream#transferTo} to the output of a connection copies without a detour through a byte
   * array. {@link InputStream#available()} is the number of bytes that can be read without waiting;
   * over TLS, of those that are decrypted. Closing the stream has no effect; the handler's return
   * closes the connection.
   *
   * @return the input, the same at every call
   */
  @Override
  InputStream input();

  /**
   * Returns the stream of bytes to the peer.
   *
   * <p>Output is tied to input: what is written is collected in a buffer, and leaves when the
   * buffer is full, on {@link OutputStream#flush()}, when the thread that wrote it next waits for
   * input of this connection, and at the end of the handler. So a handler that reads a request and
   * writes a reply never flushes. One that writes and then does something slow, or writes to the
   * connection of another handler, flushes by itself. Closing the stream is {@link
   * #finishOutput()}.
   *
   * @return the output, the same at every call unless {@link ConnectionScope#bufferOutput(int)}
   *     puts another one before it
   */
  @Override
  OutputStream output();

  /**
   * Writes the remaining bytes of buffers to {@link #output()}, as its {@code write} does, one
   * behind the other: few are collected; many leave at once, behind what was collected before.
   * Without TLS, these go with one system call for each 128 KB, if there is room.
   *
   * {@snippet file="io/plainweave/internal/connection/GatheredWriteTest.java" region="gather"}
   *
   * @param sources what to write; behind it, none of them has anything remaining
   * @throws IOException if the connection fails
   */
  void write(ByteBuffer... sources) throws IOException;

  /**
   * Writes a part of a file to {@link #output()}, behind all that was written, and sends it at
   * once: without a copy by this process (sendfile(2)), but over TLS or behind {@link
   * ConnectionScope#bufferOutput}. Reading what is not in memory blocks the carrier of the thread.
   *
   * {@snippet file="io/plainweave/internal/connection/SendFileTest.java" region="sendFile"}
   *
   * <p>Several connections may send one file at a time: its position does not matter and stays, and
   * an interrupt ends the connection, as in every write, but does not close the file.
   *
   * @param file open for reading
   * @param position where the part begins, not negative
   * @param count how many bytes it has, not negative
   * @return how many bytes were written; fewer only if the file ends before
   * @throws IOException if the connection fails, or reading the file: the connection is open then
   * @throws IllegalArgumentException if the position or the count is negative
   */
  long sendFile(FileChannel file, long position, long count) throws IOException;

  /**
   * Sends what was written, and waits until the socket, or what {@link
   * ConnectionScope#bufferOutput} keeps, may have room for more: to write then what is the latest.
   * It may return early; only a write can tell for certain.
   *
   * {@snippet file="io/plainweave/internal/connection/SendFileTest.java" region="latest"}
   *
   * @throws IOException if the connection fails
   */
  void awaitRoom() throws IOException;

  /**
   * Reads the bytes up to a certain one, and that one with them, as far as they have come and there
   * is room for them. It is {@link InputStream#read(byte[], int, int)} of {@link #input()}, except
   * that it takes nothing behind that byte: what follows a line feed stays for the next reader,
   * whoever that is.
   *
   * <p>It waits until there is at least one byte, and no longer. So the last byte read shows what
   * the call means: it is the one looked for; or it is another, because the room is used up or the
   * rest has not come yet, and the caller reads on:
   *
   * {@snippet file="io/plainweave/framing/ReadUntilTest.java" region="whole"}
   *
   * <p>It is no message boundary: {@link #awaitMessage()} and {@link #endMessage()} mark those.
   * Threads, interruption and failures are those of every read of this connection.
   *
   * @param last the byte to stop behind
   * @param target where to put the bytes
   * @param offset the index in the target of the first of them
   * @param length how many at most
   * @return how many bytes were read, at least 1, or 0 if the length is 0; -1 at the end of input,
   *     as with {@link #input()}
   * @throws IndexOutOfBoundsException if the target has no such range; nothing is read then
   * @throws IOException if the connection fails
   */
  @Override
  int readUntil(byte last, byte[] target, int offset, int length) throws IOException;

  /**
   * Returns the next bytes, which stay to be read: to tell protocols apart that share a port, for
   * example ({@link io.plainweave.protocol.Protocols} does that).
   *
   * {@snippet file="io/plainweave/internal/connection/PeekTest.java" region="peek"}
   *
   * <p>It waits until all of them are there, or the input has ended; for the first one as every
   * read does. From there on it is as in a message: the drain leaves the connection alone, and one
   * time runs for all calls that begin at the same byte, however the bytes drip. Its limit is
   * {@link TimeLimits#message()}, or {@link TimeLimits#handshake()} as long as the handler has read
   * nothing. Threads, interruption and failures are those of every read.
   *
   * @param count how many bytes, from 1 to 16,384
   * @return a copy of them; fewer only if the input ends behind these, none if it has ended
   * @throws IOException if the connection fails
   * @throws IllegalArgumentException if the count is out of range
   */
  byte[] peek(int count) throws IOException;

  /**
   * Waits for the first byte of the next message, and marks that a message has begun. Until {@link
   * #endMessage()}, the drain leaves the connection alone and {@link TimeLimits#message()} applies;
   * before the first byte, the drain ends the wait. Handlers that read with {@code
   * io.plainweave.framing} need not call this, nor those that read a plain stream without messages.
   *
   * <p>If the wait is ended at the very moment at which a message begins, what has come of it can
   * be read, and reading on fails with a {@link ConnectionClosedException}: a message that was cut
   * here never looks like one that the peer has ended.
   *
   * @return true if there is a byte to read; false at the end of input, as with {@link #input()}
   * @throws IOException if the connection fails
   */
  @Override
  boolean awaitMessage() throws IOException;

  /** Marks that the message is complete: what is read next belongs to another one. */
  @Override
  void endMessage();

  /**
   * Opens a scope for threads that live and die with this connection. The calling thread owns it
   * and must close it.
   *
   * @return the scope, without a deadline of its own
   */
  default ConnectionScope openScope() {
    return openScope(Duration.ZERO);
  }

  /**
   * Opens a scope for threads that live and die with this connection, with a deadline.
   *
   * @param timeout after it, the connection is reset and the scope cancelled; a tenth of a second
   *     is the finest step; zero for none, but the {@link Deadline} of the calling thread
   * @return the scope
   * @throws IllegalArgumentException if the timeout is negative
   */
  ConnectionScope openScope(Duration timeout);

  /**
   * Flushes the output and finishes it: the peer reads end of stream after the last byte. Reading
   * goes on. A second call has no effect; writing afterwards fails.
   *
   * <p>TLS 1.3 keeps that, behind its own end of stream (close_notify). In TLS 1.2, a peer that
   * receives it closes the connection, and so do we: who finishes first may lose what the other one
   * was about to send (RFC 5246, section 7.2.1). A FIN without close_notify is a {@link
   * TruncatedMessageException} in both.
   *
   * @throws IOException if the rest of the output cannot be written
   */
  @Override
  void finishOutput() throws IOException;

  /**
   * Returns what this side and the peer have agreed on in their TLS handshake, and who the peer is,
   * if it has shown a certificate.
   *
   * @return empty if the connection is not encrypted
   */
  Optional<TlsSession> tls();

  /**
   * Goes on by TLS, as the server: after the command of a protocol that begins in plain, STARTTLS
   * of SMTP for example, and our consent to it; or at once, where a {@link #peek} has shown that
   * the peer begins so. Flushes the output, and carries out the handshake in the calling thread,
   * under the limits of one that comes before the handler ({@link TimeLimits#handshake()}, {@link
   * io.plainweave.server.ServerBuilder#maxHandshakes}). Nobody else may read or write meanwhile.
   *
   * <p>Bytes in plain that follow the command must not look as if they had come by TLS: somebody
   * between the peers may have put them there (CVE-2011-0411). Those that are not read yet are seen
   * here; as long as the handler has read nothing, they are the beginning of the handshake. Those
   * that a reader has taken ahead of its needs ({@link java.io.BufferedReader}, {@link
   * java.io.BufferedInputStream}, {@link java.util.Scanner}) nobody but that reader sees; so the
   * last read before this call must be one that takes nothing behind what it needs: of {@link
   * io.plainweave.framing.Lines} and the other framings, {@link #readUntil}, a single byte, or as
   * many bytes as were asked for. A reader that was used even earlier is the handler's to leave
   * behind, with all that it holds.
   *
   * @param tls how this side speaks it
   * @throws MalformedMessageException if bytes in plain have come behind what was read
   * @throws SSLException if the two sides do not agree
   * @throws IOException if the connection fails
   * @throws IllegalStateException if the connection speaks TLS already, or the last read has
   *     brought fewer bytes than it had asked for
   */
  void startTls(ServerTls tls) throws IOException;

  /**
   * Goes on by TLS, as the client. The server's certificate must be for {@link
   * ClientTls.Builder#serverName}, or else for its literal address. All else is as with {@link
   * #startTls(ServerTls)}.
   *
   * @param tls how this side speaks it
   * @throws MalformedMessageException if bytes in plain have come behind what was read
   * @throws SSLException if the two sides do not agree
   * @throws IOException if the connection fails
   * @throws IllegalStateException if the connection speaks TLS already, or the last read has
   *     brought fewer bytes than it had asked for, or if the connection is to a Unix-domain socket
   *     and no name is set
   */
  void startTls(ClientTls tls) throws IOException;

  /**
   * Goes on in plain, behind TLS, as after the command CCC of FTP (RFC 4217, section 6). Flushes
   * the output, sends the end of our TLS (close_notify) and waits for that of the peer (RFC 8446,
   * section 6.1), under {@link TimeLimits#handshake()}. Nobody else may read or write meanwhile. If
   * the input has ended by that of the peer, this is the reply to it, and reading goes on.
   *
   * {@snippet file="io/plainweave/internal/connection/EndTlsTest.java" region="ccc"}
   *
   * @throws MalformedMessageException if the peer has sent data that is not read yet
   * @throws IOException if the connection fails, or the output or that of the peer is finished
   * @throws IllegalStateException if the connection does not speak TLS
   */
  void endTls() throws IOException;

  /**
   * Ends the connection at once with a reset (RST): the peer's next read fails, what has not been
   * sent yet is dropped, and threads that read or write here fail with a {@link
   * ConnectionClosedException}. Has no effect on a closed connection. Never blocks.
   *
   * <p>A Unix-domain socket has no reset. Its peer first reads what was sent; then its read fails
   * on Linux if we have left anything unread, and otherwise sees end of stream as after {@link
   * #close()} (unix(7), ECONNRESET). A protocol for such sockets has to say by itself where a
   * message ends.
   */
  @Override
  default void abort() {
    abort(new CloseReason.Aborted());
  }

  /**
   * Ends the connection at once with a reset, as {@link #abort()}, and says why, in words for those
   * who read logs and events: {@link CloseReason.Aborted} has them.
   *
   * {@snippet file="io/plainweave/internal/connection/AttachmentTest.java" region="abort"}
   *
   * @param text one sentence, for example "logged in elsewhere"
   */
  default void abort(String text) {
    abort(new CloseReason.Aborted(text));
  }

  /**
   * Ends the connection at once with a reset, as {@link #abort()}, for a reason that observers
   * receive.
   *
   * @param reason why it ends
   * @return false if it had ended for another reason before
   */
  boolean abort(CloseReason reason);

  /**
   * Ends the connection in order, as the handler's return does: flush, FIN, then wait for the
   * peer's FIN while what still comes is dropped, for at most {@link TimeLimits#linger()}, and
   * close. A thread that reads meanwhile fails with a {@link ConnectionClosedException}, and gets
   * no byte of what is dropped. Has no effect on a closed connection.
   *
   * <p><b>From another thread</b> than the handler's, it ends the connection in order as well, and
   * the wait for the peer's FIN is left to the handler's thread: it returns when FIN was sent. A
   * write that need not wait for room is let finish. Only if a message would be cut, the connection
   * is reset, since the peer must not take a part for the whole: if a thread waits for room to
   * write, or has written what it has not flushed. What was flushed before is sent, unless there is
   * a reset.
   *
   * @throws IOException if the rest of the output cannot be written; the connection is closed all
   *     the same
   */
  @Override
  void close() throws IOException;

  /**
   * Returns whether the connection is open: not closed, not aborted, by any thread. An open
   * connection may be of no use any more; only reading and writing can tell.
   *
   * @return true until the connection is closed
   */
  boolean isOpen();

  /**
   * Looks whether the peer is still there, for a handler that is about to do something long or
   * dear, and does not read meanwhile:
   *
   * {@snippet file="io/plainweave/internal/connection/PeerStateTest.java" region="ask"}
   *
   * <p>It takes no byte from the handler: what has come is kept for the next read, as far as one
   * buffer holds it (8 KiB). Behind more than that it cannot look. Any thread may ask, while nobody
   * reads or while another one does; it never waits, and costs a system call. {@link
   * ConnectionScope#endWhen} asks by itself.
   *
   * @return the state as it is known now
   */
  PeerState peerState();

  /**
   * Returns whether the server is ending this connection. A handler at work can say so in its next
   * reply ({@code Connection: close} of HTTP); one that has read the end of its input can
   * distinguish the drain from a peer that has gone:
   *
   * {@snippet file="io/plainweave/server/DrainingConnectionTest.java" region="will"}
   *
   * <ul>
   *   <li>It becomes true when the drain may end the input, which is behind {@link
   *       io.plainweave.server.ServerBuilder#drainDelay} and when this connection's turn has come
   *       ({@link io.plainweave.server.ServerBuilder#drainSpread}). A new connection has a fifth of
   *       a second for its first bytes before that. The handler may finish what it is at; the input
   *       ends where it next waits for a message.
   *   <li>When the input has ended, it says whether the drain has ended it. It is false if the peer
   *       has, or a time limit, even if the server drains later. Where both meet, what comes first
   *       to the handler counts. It is the drain for one that marks its messages, and was at work
   *       with one while the peer has finished.
   *   <li>When the connection has ended, it says whether the server has ended it: by its drain, or
   *       by cancelling it ({@link CloseReason.Drained}, {@link CloseReason.Cancelled}). It is
   *       false for all other reasons, such as a reset during the drain.
   * </ul>
   *
   * <p>It is always false for a connection that was opened here, which no drain ends. Any thread
   * may ask; another one than that which reads may see the peer's end a moment late.
   *
   * @return true if the server drains or cancels this connection
   */
  boolean isDraining();

  /**
   * Returns why the connection ends. It is empty until something of this side has ended it, or a
   * failure: also for a handler that has read the end that its peer has made, and may still reply.
   *
   * <p>If this side has ended the input, it is the reason for that, {@link CloseReason.Drained} or
   * {@link CloseReason.TimedOut}, and stays so if the handler says goodbye and returns. Until then
   * something else may happen that becomes the reason: the handler fails, for example, or the peer
   * resets the connection.
   *
   * <p>When the connection is closed, the reason is final, and the one that observers receive
   * ({@link io.plainweave.event.ServerEvent.ConnectionClosed}). That of a failure of the handler is
   * known when the handler has thrown it, and not in its {@code finally}.
   *
   * @return the reason, empty while nothing ends the connection
   */
  Optional<CloseReason> closeReason();

  /**
   * Returns the number of the connection. It stands in its text ({@link Object#toString()}), so in
   * the log, events and the messages of failures: {@code connection 17 from 192.0.2.1:50000}.
   *
   * @return a positive number that no other connection of this process has. Numbers rise in the
   *     order in which connections are accepted by servers and opened by {@linkplain
   *     io.plainweave.client.Connector connectors}; not every one is used.
   */
  long id();

  /**
   * Returns what was attached to this connection: by its handler for those who look at connections
   * from outside, by an observer for the handler. Any thread may attach, ask and detach at any
   * moment, also when the connection is closed; what is attached goes with the connection. One that
   * has nothing attached has no memory for it.
   *
   * {@snippet file="io/plainweave/internal/connection/AttachmentTest.java" region="attach"}
   *
   * @param <T> its type
   * @param key what to look for
   * @return what is attached by that key, if anything is
   */
  <T> Optional<T> attachment(AttachmentKey<T> key);

  /**
   * Attaches something to this connection, in place of what is attached by that key.
   *
   * @param <T> its type
   * @param key by which it is found
   * @param value what to attach
   * @return what was attached before, if anything was
   */
  <T> Optional<T> attach(AttachmentKey<T> key, T value);

  /**
   * Takes back what is attached to this connection. Of several threads, one gets it.
   *
   * @param <T> its type
   * @param key by which it was attached
   * @return what was attached, if anything was
   */
  <T> Optional<T> detach(AttachmentKey<T> key);

  /**
   * Returns the address of the peer. It stays available when the connection is closed. No name is
   * ever looked up for it. Clients of a Unix-domain listener have no address as a rule, that is,
   * one with an empty path; {@link #peerCredentials()} has who they are. Behind a proxy that sends
   * it, this is the address of the proxy's client ({@link
   * io.plainweave.proxyprotocol.ProxyProtocol}).
   *
   * @return an {@link java.net.InetSocketAddress} or {@link java.net.UnixDomainSocketAddress}
   */
  SocketAddress remoteAddress();

  /**
   * Returns the address at which the peer has reached this server; with a listener on any address,
   * this is the one that the peer chose. Of a connection that was opened here, it is our end.
   * Behind a proxy that sends it, this is the proxy's address. It stays available when the
   * connection is closed.
   *
   * @return an {@link java.net.InetSocketAddress} or {@link java.net.UnixDomainSocketAddress}
   */
  SocketAddress localAddress();

  /**
   * Returns the PROXY header with which the connection has begun, where its listener takes one
   * ({@link io.plainweave.proxyprotocol.ProxyProtocol}).
   *
   * @return all that the proxy has sent; empty if the client has connected directly
   */
  Optional<ProxyHeader> proxyHeader();

  /**
   * Asks the system for user and group of the peer, at the other end of a Unix-domain socket: as
   * they were when it connected, or began to listen (SO_PEERCRED, unix(7)). They are known before
   * the first byte.
   *
   * <p>The system knows them by their numbers. Their names are looked up with each call, which may
   * take as long as the machine's databases take; without a name, the number stands for it.
   *
   * @return user and group; empty over TCP, and where the system does not say
   * @throws ConnectionClosedException if the connection is closed
   * @throws IOException if the system fails to say
   */
  Optional<UnixDomainPrincipal> peerCredentials() throws IOException;

  /**
   * Returns the time limits of this connection: its own, or else those that its listener or the
   * server has at this moment.
   *
   * @return the limits, of which {@link #changeTimeLimits(TimeLimits)} may be given a changed copy
   */
  TimeLimits timeLimits();

  /**
   * Gives this connection time limits of its own, all of them, in place of those of its listener or
   * the server: after a login or an upgrade for example, or when the peer has said how often it
   * will be heard. They stay until they are replaced; what {@link
   * io.plainweave.server.Server#changeTimeLimits} changes from now on is for others.
   *
   * {@snippet file="io/plainweave/server/ListenersTest.java" region="keepAlive"}
   *
   * <p>Each limit applies at once, also to what goes on at this moment, and counts from where that
   * has begun, be it before this call. So one that is exceeded already ends the connection, or its
   * input, in a moment, as if it had always been that short; one that is longer, or zero, which is
   * none, lets it go on. What another limit has ended stays ended.
   *
   * <p>Any thread may call this at any moment. It never blocks, and has no effect on a closed
   * connection. Of the two connections of a relay each has its own limits.
   *
   * @param timeLimits the limits
   */
  void changeTimeLimits(TimeLimits timeLimits);
}
