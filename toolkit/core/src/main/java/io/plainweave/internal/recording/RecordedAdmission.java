package io.plainweave.internal.recording;

import io.plainweave.event.ServerEvent;
import io.plainweave.text.Addresses;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What is recorded of limits, and of those who were turned away. */
final class RecordedAdmission {
  // Asked whether they are recorded, for which JFR needs an object; never recorded themselves.
  private static final ConnectionsRefused REFUSED = new ConnectionsRefused();
  private static final ManyConnections MANY = new ManyConnections();
  private static final ConnectionsLimited LIMITED = new ConnectionsLimited();
  private static final MemoryShort MEMORY_SHORT = new MemoryShort();
  private static final DirectMemoryShort DIRECT_MEMORY_SHORT = new DirectMemoryShort();

  private RecordedAdmission() {}

  static void refused(ServerEvent.ConnectionsRefused e) {
    if (REFUSED.isEnabled()) {
      var event = new ConnectionsRefused();
      event.listener = Addresses.format(e.listener());
      event.reason = e.reason().name();
      event.count = e.count();
      event.latest = Addresses.format(e.latest());
      event.commit();
    }
  }

  static void many(ServerEvent.ManyConnections e) {
    if (MANY.isEnabled()) {
      var event = new ManyConnections();
      event.listener = e.listener() == null ? "" : Addresses.format(e.listener());
      event.connections = e.connections();
      event.maximum = e.maximum();
      event.commit();
    }
  }

  static void limited(ServerEvent.ConnectionsLimited e) {
    if (LIMITED.isEnabled()) {
      var event = new ConnectionsLimited();
      event.wanted = e.wanted();
      event.maximum = e.maximum();
      event.descriptors = e.descriptors();
      event.commit();
    }
  }

  static void memoryShort(ServerEvent.MemoryShort e) {
    if (MEMORY_SHORT.isEnabled()) {
      var event = new MemoryShort();
      event.connections = e.connections();
      event.commit();
    }
  }

  static void directMemoryShort(ServerEvent.DirectMemoryShort e) {
    if (DIRECT_MEMORY_SHORT.isEnabled()) {
      var event = new DirectMemoryShort();
      event.used = e.used();
      event.limit = e.limit();
      event.onHeap = e.onHeap();
      event.commit();
    }
  }

  @Name("io.plainweave.ConnectionsRefused")
  @Label("Connections Refused")
  @Description(
      "Connections were refused; at most one event in five seconds for each listener and reason")
  @Category({"Plainweave", "Admission"})
  @StackTrace(false)
  static final class ConnectionsRefused extends Event {
    @Label("Listener")
    String listener = "";

    @Label("Reason")
    String reason = "";

    @Label("Count")
    @Description("How many since the last such event")
    int count;

    @Label("Latest")
    @Description("Where the latest came from")
    String latest = "";
  }

  @Name("io.plainweave.ManyConnections")
  @Label("Many Connections")
  @Description("As many connections are open as the alarm says, or as there may be")
  @Category({"Plainweave", "Admission"})
  @StackTrace(false)
  static final class ManyConnections extends Event {
    @Label("Listener")
    @Description("Empty for the whole server")
    String listener = "";

    @Label("Connections")
    int connections;

    @Label("Maximum")
    int maximum;
  }

  @Name("io.plainweave.ConnectionsLimited")
  @Label("Connections Limited")
  @Description("There may be fewer connections than the rules say, for lack of descriptors")
  @Category({"Plainweave", "Admission"})
  @StackTrace(false)
  static final class ConnectionsLimited extends Event {
    @Label("Wanted")
    int wanted;

    @Label("Maximum")
    int maximum;

    @Label("Descriptors")
    long descriptors;
  }

  @Name("io.plainweave.MemoryShort")
  @Label("Memory Short")
  @Description(
      "A garbage collection has left too little, and there are no more connections for now")
  @Category({"Plainweave", "Admission"})
  @StackTrace(false)
  static final class MemoryShort extends Event {
    @Label("Connections")
    int connections;
  }

  @Name("io.plainweave.DirectMemoryShort")
  @Label("Direct Memory Short")
  @Description("Direct memory is short, and buffers come from the heap")
  @Category({"Plainweave", "Admission"})
  @StackTrace(false)
  static final class DirectMemoryShort extends Event {
    @Label("Used")
    @DataAmount
    long used;

    @Label("Limit")
    @DataAmount
    long limit;

    @Label("On Heap")
    @Description("How many buffers were taken from the heap since the last such event")
    int onHeap;
  }
}
