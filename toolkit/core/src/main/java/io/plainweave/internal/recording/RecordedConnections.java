package io.plainweave.internal.recording;

import io.plainweave.AttachmentKey;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.event.ServerEvent;
import io.plainweave.text.Addresses;
import io.plainweave.tls.TlsSession;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * What is recorded of connections. An event with a duration is made where that begins, and kept
 * with the connection until it ends: only while it is recorded. If the recording has begun later,
 * the event has no duration, and is recorded all the same.
 */
final class RecordedConnections {
  // Asked whether they are recorded, for which JFR needs an object; never recorded themselves.
  private static final ConnectionOpened OPENED = new ConnectionOpened();
  private static final ConnectionClosed CLOSED = new ConnectionClosed();
  private static final HandshakeEnded HANDSHAKE = new HandshakeEnded();
  private static final WriteStallBegan STALL_BEGAN = new WriteStallBegan();
  private static final WriteStallEnded STALL_ENDED = new WriteStallEnded();

  private static final AttachmentKey<ConnectionClosed> OPEN =
      AttachmentKey.of("recorded connection");
  private static final AttachmentKey<HandshakeEnded> IN_HANDSHAKE =
      AttachmentKey.of("recorded handshake");
  private static final AttachmentKey<WriteStallEnded> STALLED =
      AttachmentKey.of("recorded write stall");

  private RecordedConnections() {}

  static void opened(ServerEvent.ConnectionOpened e) {
    if (OPENED.isEnabled()) {
      var opened = new ConnectionOpened();
      opened.fill(e.connection(), e.listener());
      opened.commit();
    }
    if (CLOSED.isEnabled()) {
      var closed = new ConnectionClosed();
      e.connection().attach(OPEN, closed);
      closed.begin();
    }
  }

  static void closed(ServerEvent.ConnectionClosed e) {
    if (!CLOSED.isEnabled()) {
      return;
    }
    ConnectionClosed closed = e.connection().detach(OPEN).orElseGet(ConnectionClosed::new);
    closed.end();
    if (closed.shouldCommit()) {
      closed.fill(e.connection(), e.listener());
      closed.reason = Shown.kind(e.reason());
      closed.detail = Shown.detail(e.reason());
      closed.received = e.received();
      closed.sent = e.sent();
      closed.age = e.age().toMillis();
      closed.commit();
    }
  }

  /** Whether a connection carries what will be recorded of it. */
  static boolean isKept(Connection connection) {
    return connection.attachment(OPEN).isPresent();
  }

  static void handshakeBegan(ServerEvent.HandshakeBegan e) {
    if (HANDSHAKE.isEnabled()) {
      var ended = new HandshakeEnded();
      e.connection().attach(IN_HANDSHAKE, ended);
      ended.begin();
    }
  }

  static void handshakeEnded(ServerEvent.HandshakeEnded e) {
    if (!HANDSHAKE.isEnabled()) {
      return;
    }
    HandshakeEnded ended = e.connection().detach(IN_HANDSHAKE).orElseGet(HandshakeEnded::new);
    ended.end();
    if (ended.shouldCommit()) {
      ended.fill(e.connection(), e.listener());
      if (e.failure().isPresent()) {
        CloseReason reason = e.failure().get();
        ended.reason = Shown.kind(reason);
        ended.detail = Shown.detail(reason);
      } else {
        e.connection().tls().ifPresent(ended::fill);
      }
      ended.commit();
    }
  }

  static void stallBegan(ServerEvent.WriteStallBegan e) {
    if (STALL_BEGAN.isEnabled()) {
      var began = new WriteStallBegan();
      began.fill(e.connection(), e.listener());
      began.commit();
    }
    if (STALL_ENDED.isEnabled()) {
      var ended = new WriteStallEnded();
      e.connection().attach(STALLED, ended);
      ended.begin();
    }
  }

  static void stallEnded(ServerEvent.WriteStallEnded e) {
    if (!STALL_ENDED.isEnabled()) {
      return;
    }
    WriteStallEnded ended = e.connection().detach(STALLED).orElseGet(WriteStallEnded::new);
    ended.end();
    if (ended.shouldCommit()) {
      ended.fill(e.connection(), e.listener());
      ended.elapsed = e.elapsed().toMillis();
      ended.commit();
    }
  }

  /** What all of them say. */
  @Category({"Plainweave", "Connections"})
  @StackTrace(false)
  abstract static class ConnectionEvent extends Event {
    @Label("Connection")
    @Description("The number that the log and the messages of failures have, too")
    long id;

    @Label("Listener")
    String listener = "";

    @Label("Peer")
    String peer = "";

    final void fill(Connection connection, String listener) {
      this.id = connection.id();
      this.listener = Shown.text(listener);
      this.peer = Addresses.format(connection.remoteAddress());
    }
  }

  @Name("io.plainweave.ConnectionOpened")
  @Label("Connection Opened")
  @Description("A connection was accepted; off by default, since the event of its end begins here")
  @Enabled(false)
  static final class ConnectionOpened extends ConnectionEvent {}

  @Name("io.plainweave.ConnectionClosed")
  @Label("Connection Closed")
  @Description("A connection, from its accept to its close")
  static final class ConnectionClosed extends ConnectionEvent {
    @Label("Reason")
    String reason = "";

    @Label("Detail")
    String detail = "";

    @Label("Received")
    @DataAmount
    long received;

    @Label("Sent")
    @DataAmount
    long sent;

    @Label("Age")
    @Description(
        "How long it was open, in steps of 100 ms, also where the recording has begun later")
    @Timespan(Timespan.MILLISECONDS)
    long age;
  }

  @Name("io.plainweave.HandshakeEnded")
  @Label("TLS Handshake")
  @Description("A TLS handshake with a connection that was accepted, or its failure")
  static final class HandshakeEnded extends ConnectionEvent {
    @Label("Protocol")
    String protocol = "";

    @Label("Cipher Suite")
    String cipherSuite = "";

    @Label("Application Protocol")
    @Description("By ALPN; empty if none was negotiated")
    String applicationProtocol = "";

    @Label("Server Name")
    @Description("By SNI; empty if the client has asked for none")
    String serverName = "";

    @Label("Reason")
    @Description("Why it has failed; empty if it has not")
    String reason = "";

    @Label("Detail")
    String detail = "";

    private void fill(TlsSession session) {
      protocol = session.protocol();
      cipherSuite = session.cipherSuite();
      applicationProtocol = Shown.text(session.applicationProtocol().orElse(""));
      serverName = Shown.text(session.serverName().orElse(""));
    }
  }

  @Name("io.plainweave.WriteStallBegan")
  @Label("Write Stall Begun")
  @Description("A peer does not read: no byte could leave for a second")
  static final class WriteStallBegan extends ConnectionEvent {}

  @Name("io.plainweave.WriteStallEnded")
  @Label("Write Stall")
  @Description("A peer that did not read reads again, or is gone; begins when the stall was seen")
  static final class WriteStallEnded extends ConnectionEvent {
    @Label("Elapsed")
    @Description("Since the last byte has left before the stall, in steps of 100 ms")
    @Timespan(Timespan.MILLISECONDS)
    long elapsed;
  }
}
