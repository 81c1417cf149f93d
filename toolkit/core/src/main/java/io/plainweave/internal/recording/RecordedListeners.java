package io.plainweave.internal.recording;

import io.plainweave.event.ServerEvent;
import io.plainweave.text.Addresses;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What is recorded of listeners. */
final class RecordedListeners {
  // Asked whether they are recorded, for which JFR needs an object; never recorded themselves.
  private static final Listening LISTENING = new Listening();
  private static final AcceptFailed ACCEPT_FAILED = new AcceptFailed();
  private static final ListenerLost LOST = new ListenerLost();
  private static final ListenerRestored RESTORED = new ListenerRestored();
  private static final ListenerFailed FAILED = new ListenerFailed();
  private static final BacklogFull BACKLOG_FULL = new BacklogFull();

  private RecordedListeners() {}

  static void listening(ServerEvent.Listening e) {
    if (LISTENING.isEnabled()) {
      var event = new Listening();
      event.listener = Addresses.format(e.address());
      event.commit();
    }
  }

  static void acceptFailed(ServerEvent.AcceptFailed e) {
    if (ACCEPT_FAILED.isEnabled()) {
      var event = new AcceptFailed();
      event.listener = Addresses.format(e.listener());
      event.origin = e.origin().name();
      event.failure = Shown.failure(e.failure());
      event.commit();
    }
  }

  static void lost(ServerEvent.ListenerLost e) {
    if (LOST.isEnabled()) {
      var event = new ListenerLost();
      event.listener = Addresses.format(e.listener());
      event.failure = Shown.failure(e.failure());
      event.commit();
    }
  }

  static void restored(ServerEvent.ListenerRestored e) {
    if (RESTORED.isEnabled()) {
      var event = new ListenerRestored();
      event.listener = Addresses.format(e.listener());
      event.commit();
    }
  }

  static void failed(ServerEvent.ListenerFailed e) {
    if (FAILED.isEnabled()) {
      var event = new ListenerFailed();
      event.listener = Addresses.format(e.listener());
      event.failure = Shown.failure(e.failure());
      event.commit();
    }
  }

  static void backlogFull(ServerEvent.BacklogFull e) {
    if (BACKLOG_FULL.isEnabled()) {
      var event = new BacklogFull();
      event.listener = Addresses.format(e.listener());
      event.backlog = e.backlog();
      event.overflows = e.overflows();
      event.commit();
    }
  }

  @Name("io.plainweave.Listening")
  @Label("Listening")
  @Description("A listener is bound, and the server about to accept")
  @Category({"Plainweave", "Listeners"})
  @StackTrace(false)
  static final class Listening extends Event {
    @Label("Listener")
    String listener = "";
  }

  @Name("io.plainweave.AcceptFailed")
  @Label("Accept Failed")
  @Description("A connection could not be accepted")
  @Category({"Plainweave", "Listeners"})
  @StackTrace(false)
  static final class AcceptFailed extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Origin")
    @Description("Whose failure it is: CONNECTION or PROCESS")
    String origin = "";

    @Label("Failure")
    String failure = "";
  }

  @Name("io.plainweave.ListenerLost")
  @Label("Listener Lost")
  @Description("A listener was destroyed from outside, and is bound again")
  @Category({"Plainweave", "Listeners"})
  @StackTrace(false)
  static final class ListenerLost extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Failure")
    String failure = "";
  }

  @Name("io.plainweave.ListenerRestored")
  @Label("Listener Restored")
  @Description("A listener that was lost is bound again")
  @Category({"Plainweave", "Listeners"})
  @StackTrace(false)
  static final class ListenerRestored extends Event {
    @Label("Listener")
    String listener = "";
  }

  @Name("io.plainweave.ListenerFailed")
  @Label("Listener Failed")
  @Description("A listener is of no use any more; the server drains")
  @Category({"Plainweave", "Listeners"})
  @StackTrace(false)
  static final class ListenerFailed extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Failure")
    String failure = "";
  }

  @Name("io.plainweave.BacklogFull")
  @Label("Backlog Full")
  @Description("The backlog of a listener is full")
  @Category({"Plainweave", "Listeners"})
  @StackTrace(false)
  static final class BacklogFull extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Backlog")
    @Description("How many connections wait there")
    int backlog;

    @Label("Overflows")
    @Description("How many were dropped on this machine since the last such event")
    long overflows;
  }
}
