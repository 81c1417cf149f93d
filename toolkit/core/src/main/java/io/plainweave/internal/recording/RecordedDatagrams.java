package io.plainweave.internal.recording;

import io.plainweave.event.ServerEvent;
import io.plainweave.text.Addresses;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** What is recorded of datagrams and sessions. */
final class RecordedDatagrams {
  // Asked whether they are recorded, for which JFR needs an object; never recorded themselves.
  private static final SessionOpened OPENED = new SessionOpened();
  private static final SessionClosed CLOSED = new SessionClosed();
  private static final DatagramFailed FAILED = new DatagramFailed();
  private static final DatagramsDropped DROPPED = new DatagramsDropped();

  private RecordedDatagrams() {}

  static void opened(ServerEvent.SessionOpened e) {
    if (OPENED.isEnabled()) {
      var event = new SessionOpened();
      event.listener = Addresses.format(e.session().localAddress());
      event.peer = Addresses.format(e.session().remoteAddress());
      event.commit();
    }
  }

  static void closed(ServerEvent.SessionClosed e) {
    if (CLOSED.isEnabled()) {
      var event = new SessionClosed();
      event.listener = Addresses.format(e.session().localAddress());
      event.peer = Addresses.format(e.session().remoteAddress());
      event.reason = Shown.kind(e.reason());
      event.detail = Shown.detail(e.reason());
      event.age = e.age().toMillis();
      event.commit();
    }
  }

  static void failed(ServerEvent.DatagramFailed e) {
    if (FAILED.isEnabled()) {
      var event = new DatagramFailed();
      event.listener = Addresses.format(e.datagram().localAddress());
      event.peer = Addresses.format(e.datagram().remoteAddress());
      event.reason = Shown.kind(e.reason());
      event.detail = Shown.detail(e.reason());
      event.commit();
    }
  }

  static void dropped(ServerEvent.DatagramsDropped e) {
    if (DROPPED.isEnabled()) {
      var event = new DatagramsDropped();
      event.listener = Addresses.format(e.listener());
      event.count = e.dropped().values().stream().mapToLong(Long::longValue).sum();
      event.dropped = e.dropped().toString();
      event.commit();
    }
  }

  @Name("io.plainweave.SessionOpened")
  @Label("Session Opened")
  @Description("A session has begun; off by default, since the event of its end has its age")
  @Enabled(false)
  @Category({"Plainweave", "UDP"})
  @StackTrace(false)
  static final class SessionOpened extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Peer")
    String peer = "";
  }

  @Name("io.plainweave.SessionClosed")
  @Label("Session Closed")
  @Description("A session has ended")
  @Category({"Plainweave", "UDP"})
  @StackTrace(false)
  static final class SessionClosed extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Peer")
    String peer = "";

    @Label("Reason")
    String reason = "";

    @Label("Detail")
    String detail = "";

    @Label("Age")
    @Description("How long it was open, in steps of 100 ms")
    @Timespan(Timespan.MILLISECONDS)
    long age;
  }

  @Name("io.plainweave.DatagramFailed")
  @Label("Datagram Failed")
  @Description("The handler of a datagram has failed")
  @Category({"Plainweave", "UDP"})
  @StackTrace(false)
  static final class DatagramFailed extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Peer")
    String peer = "";

    @Label("Reason")
    String reason = "";

    @Label("Detail")
    String detail = "";
  }

  @Name("io.plainweave.DatagramsDropped")
  @Label("Datagrams Dropped")
  @Description("Datagrams were dropped; at most one event in five seconds for each address")
  @Category({"Plainweave", "UDP"})
  @StackTrace(false)
  static final class DatagramsDropped extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Count")
    @Description("How many since the last such event")
    long count;

    @Label("Dropped")
    @Description("How many for which reason")
    String dropped = "";
  }
}
