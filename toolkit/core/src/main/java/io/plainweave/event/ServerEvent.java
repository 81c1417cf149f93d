package io.plainweave.event;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.admission.Refusal;
import io.plainweave.text.Addresses;
import io.plainweave.text.OneLine;
import io.plainweave.udp.Datagram;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramSession;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Something that has happened in a server. Everything that it logs is one of these. */
public sealed interface ServerEvent {
  /**
   * A listener is bound, TCP, Unix-domain or UDP, and the server about to accept.
   *
   * @param address where
   */
  record Listening(SocketAddress address) implements ServerEvent {}

  /**
   * A connection was accepted; its handshake begins, or its handler. Who the client is behind a
   * proxy, and what was agreed on in TLS, is not known yet.
   *
   * @param connection the connection
   * @param listener how its listener is called: {@link io.plainweave.Listen#name()}, or else its
   *     address as it is logged
   */
  record ConnectionOpened(Connection connection, String listener) implements ServerEvent {
    /** Returns the parts in one line. */
    @Override
    public String toString() {
      return "ConnectionOpened[connection=%s, listener=%s]"
          .formatted(connection, OneLine.of(listener));
    }
  }

  /**
   * A connection has ended: its handler is done, if it has come to that, and its socket closed.
   * Comes once for each {@link ConnectionOpened}.
   *
   * @param connection the connection, closed
   * @param listener as in {@link ConnectionOpened}
   * @param reason why it has ended
   * @param age how long it was open, in steps of 100 ms
   * @param received bytes from the peer
   * @param sent bytes to the peer
   */
  record ConnectionClosed(
      Connection connection,
      String listener,
      CloseReason reason,
      Duration age,
      long received,
      long sent)
      implements ServerEvent {
    /** Returns the parts in one line. */
    @Override
    public String toString() {
      return "ConnectionClosed[connection=%s, listener=%s, reason=%s, age=%s, received=%d, sent=%d]"
          .formatted(connection, OneLine.of(listener), reason, age, received, sent);
    }
  }

  /**
   * A TLS handshake begins with a connection that was accepted: before the handler, or when that
   * begins TLS ({@link Connection#startTls(io.plainweave.tls.ServerTls)}). The peer's first byte
   * has come, or its end, and the connection has its turn ({@link
   * io.plainweave.server.ServerBuilder#maxHandshakes(int)}).
   *
   * @param connection the connection
   * @param listener as in {@link ConnectionOpened}
   */
  record HandshakeBegan(Connection connection, String listener) implements ServerEvent {}

  /**
   * A TLS handshake is over. Comes once for each {@link HandshakeBegan}; {@link Connection#tls()}
   * has what was agreed on.
   *
   * @param connection the connection
   * @param listener as in {@link ConnectionOpened}
   * @param elapsed since it has begun; most of it is the wait for the peer
   * @param failure why it has failed, {@link CloseReason.Finished} if the peer has left without a
   *     word; empty if it has not
   */
  record HandshakeEnded(
      Connection connection, String listener, Duration elapsed, Optional<CloseReason> failure)
      implements ServerEvent {}

  /**
   * A peer does not read: somebody writes to it, and no byte could leave for a second. The
   * connection goes on, until {@link io.plainweave.TimeLimits#writeStall()} ends it. It is the
   * reaper that sees it, which with more than ten thousand connections looks at each once a second.
   *
   * @param connection the connection, one that was accepted
   * @param listener as in {@link ConnectionOpened}
   */
  record WriteStallBegan(Connection connection, String listener) implements ServerEvent {}

  /**
   * Bytes leave again, or the connection has ended. Comes once for each {@link WriteStallBegan}
   * while the server runs, as the reaper sees it: perhaps a moment after {@link ConnectionClosed}.
   *
   * @param connection the connection, perhaps closed
   * @param listener as in {@link ConnectionOpened}
   * @param elapsed since the last byte has left before it, in steps of 100 ms
   */
  record WriteStallEnded(Connection connection, String listener, Duration elapsed)
      implements ServerEvent {}

  /**
   * A connection could not be accepted. The acceptor goes on after a pause of 5 ms, doubled each
   * time up to 1 s. A failure of the listener itself is none of these, but {@link ListenerLost} or
   * {@link ListenerFailed}.
   *
   * @param listener where
   * @param origin whose failure it is, as far as it can be told
   * @param failure why, most often for lack of descriptors
   */
  record AcceptFailed(SocketAddress listener, Origin origin, Throwable failure)
      implements ServerEvent {
    /**
     * Whose failure it is. Java does not tell the error number (accept(2)), so the process is
     * tried: if it gets no other socket at that moment, it is its own.
     */
    public enum Origin {
      /**
       * That of the one connection: its peer has left while it waited, or a firewall forbids it.
       */
      CONNECTION,

      /**
       * That of the process or the system, for every connection: no descriptor, buffer or memory is
       * left (EMFILE, ENFILE, ENOBUFS, ENOMEM, or an error of the JVM).
       */
      PROCESS
    }
  }

  /**
   * A listener was destroyed from outside. The server binds it again, at the same address, or gives
   * it up ({@link io.plainweave.TcpListen#rebindFor()}): {@link ListenerRestored} or {@link
   * ListenerFailed} tells. Connections are not harmed.
   *
   * @param listener where
   * @param failure how it was noticed
   */
  record ListenerLost(SocketAddress listener, Throwable failure) implements ServerEvent {}

  /**
   * A listener that was lost is bound again, and the server accepts there.
   *
   * @param listener where
   */
  record ListenerRestored(SocketAddress listener) implements ServerEvent {}

  /**
   * Connections were refused, whose handler did not begin. At most one every five seconds for each
   * listener and reason.
   *
   * @param listener where
   * @param reason why
   * @param count how many since the last such event
   * @param latest where the latest of them came from
   */
  record ConnectionsRefused(SocketAddress listener, Refusal reason, int count, SocketAddress latest)
      implements ServerEvent {
    @Override
    public String toString() {
      return "ConnectionsRefused[listener=%s, reason=%s, count=%d, latest=%s]"
          .formatted(Addresses.format(listener), reason, count, Addresses.format(latest));
    }
  }

  /**
   * As many connections are open as {@link io.plainweave.admission.AdmissionRules#alarmAt()} says,
   * or as there may be. At most one every five seconds, as long as it lasts.
   *
   * @param listener where, or null for the whole server
   * @param connections how many are open
   * @param maximum how many there may be
   */
  record ManyConnections(@Nullable SocketAddress listener, int connections, int maximum)
      implements ServerEvent {}

  /**
   * Memory is short: a garbage collection has left more than nine tenths of the old generation in
   * use. Until one leaves less, there are no more connections than there were then, and others wait
   * or are refused, as beyond a limit. At most one every five seconds, as long as it lasts.
   *
   * @param connections how many are open
   */
  record MemoryShort(int connections) implements ServerEvent {}

  /**
   * Direct memory is short, as a rule because many peers do not read: each of them keeps a buffer
   * of 16 KB until it reads or {@link io.plainweave.TimeLimits#writeStall()} ends it. From three
   * quarters of the limit on, buffers come from the heap. At most one every five seconds, as long
   * as it lasts.
   *
   * @param used how many bytes the process has in direct buffers
   * @param limit how many it may have ({@code -XX:MaxDirectMemorySize}, or else the size of the
   *     heap)
   * @param onHeap how many buffers were taken from the heap since the last such event
   */
  record DirectMemoryShort(long used, long limit, int onHeap) implements ServerEvent {}

  /**
   * There may be fewer connections than the rules of admission say, since the process has not the
   * descriptors for more. Comes at the start, and when the rules change.
   *
   * @param wanted how many there should be; the greatest integer if nothing limits them
   * @param maximum how many there may be
   * @param descriptors how many the process may have (RLIMIT_NOFILE)
   */
  record ConnectionsLimited(int wanted, int maximum, long descriptors) implements ServerEvent {}

  /**
   * A listener is of no use any more; the server drains, for no longer than {@link
   * io.plainweave.server.Server#close()} would.
   *
   * @param listener where
   * @param failure why
   */
  record ListenerFailed(SocketAddress listener, Throwable failure) implements ServerEvent {}

  /**
   * A background task has failed ({@link io.plainweave.server.ServerBuilder#background}); the
   * server drains, for no longer than {@link io.plainweave.server.Server#close()} would.
   *
   * @param name how the task was called
   * @param failure what it has thrown
   */
  record BackgroundFailed(String name, Throwable failure) implements ServerEvent {}

  /**
   * A session has begun ({@link io.plainweave.server.ServerBuilder#sessions}).
   *
   * @param session the session
   */
  record SessionOpened(DatagramSession session) implements ServerEvent {}

  /**
   * A session has ended: its handler has returned. Comes once for each {@link SessionOpened}.
   *
   * @param session the session, closed
   * @param reason why it has ended
   * @param age how long it was open, in steps of 100 ms
   */
  record SessionClosed(DatagramSession session, CloseReason reason, Duration age)
      implements ServerEvent {}

  /**
   * The handler of a datagram has failed ({@link io.plainweave.server.ServerBuilder#datagrams}).
   *
   * @param datagram what it was to serve
   * @param reason why, most often {@link CloseReason.HandlerFailed}
   */
  record DatagramFailed(Datagram datagram, CloseReason reason) implements ServerEvent {}

  /**
   * Datagrams were dropped at an address. At most one every five seconds for each address.
   *
   * @param listener where
   * @param dropped how many since the last such event, and why; {@link
   *     io.plainweave.server.Server#datagrams()} has all
   */
  record DatagramsDropped(InetSocketAddress listener, Map<DatagramDrop, Long> dropped)
      implements ServerEvent {
    /** Copies the map. */
    public DatagramsDropped {
      dropped = Map.copyOf(dropped);
    }
  }

  /**
   * The backlog of a listener is full: the server accepts more slowly than connections come, or not
   * at all ({@link io.plainweave.admission.AdmissionRules#maxConnections()}, {@link
   * io.plainweave.server.Server#suspend()}). What finds no room is dropped by the kernel and tried
   * again by its peer, a second later and more. On Linux, for TCP, one every ten seconds at most.
   *
   * @param listener where
   * @param backlog how many connections wait there
   * @param overflows how many were dropped since the last such event, at all listeners of this
   *     machine (or container) that had no room
   */
  record BacklogFull(SocketAddress listener, int backlog, long overflows) implements ServerEvent {}

  /**
   * The server drains. From here on it is not ready for new work, even while a listener is still
   * open. The drain does not wait for observers: the first connections may close while they are
   * told.
   *
   * @param connections how many are open, UDP sessions and handlers of datagrams included
   */
  record DrainBegan(int connections) implements ServerEvent {}

  /**
   * The drain is over: no connection is left, or those that are left have ignored the cancellation.
   *
   * @param report what has become of the connections
   */
  record DrainEnded(DrainReport report) implements ServerEvent {}

  /**
   * No virtual thread could run for a while, because all carriers are busy with code that does not
   * wait.
   *
   * @param waited for how long none has run
   * @param parallelism how many carriers there are now; one more than before, if the server may add
   *     carriers
   * @param running the handlers that keep them, as far as they belong to this server
   * @param tasks the background tasks that do
   */
  record CarriersBusy(
      Duration waited, int parallelism, List<HandlerPosition> running, List<TaskPosition> tasks)
      implements ServerEvent {
    /** Copies the lists. */
    public CarriersBusy {
      running = List.copyOf(running);
      tasks = List.copyOf(tasks);
    }
  }
}
