package io.plainweave.internal.recording;

import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import java.util.stream.Stream;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** What is recorded of a server as a whole. */
final class RecordedServer {
  // Asked whether they are recorded, for which JFR needs an object; never recorded themselves.
  private static final BackgroundFailed BACKGROUND_FAILED = new BackgroundFailed();
  private static final CarriersBusy CARRIERS_BUSY = new CarriersBusy();
  private static final DrainBegan DRAIN_BEGAN = new DrainBegan();
  private static final DrainEnded DRAIN_ENDED = new DrainEnded();

  private RecordedServer() {}

  static void backgroundFailed(ServerEvent.BackgroundFailed e) {
    if (BACKGROUND_FAILED.isEnabled()) {
      var event = new BackgroundFailed();
      event.task = Shown.text(e.name());
      event.failure = Shown.failure(e.failure());
      event.commit();
    }
  }

  static void carriersBusy(ServerEvent.CarriersBusy e) {
    if (CARRIERS_BUSY.isEnabled()) {
      var event = new CarriersBusy();
      event.waited = e.waited().toMillis();
      event.parallelism = e.parallelism();
      event.busy = Shown.places(Stream.concat(e.running().stream(), e.tasks().stream()).toList());
      event.commit();
    }
  }

  /** Returns what will be recorded at the end, or null if nothing will. */
  static @Nullable DrainEnded drainBegan(ServerEvent.DrainBegan e) {
    if (DRAIN_BEGAN.isEnabled()) {
      var event = new DrainBegan();
      event.connections = e.connections();
      event.commit();
    }
    if (!DRAIN_ENDED.isEnabled()) {
      return null;
    }
    var ended = new DrainEnded();
    ended.begin();
    return ended;
  }

  static void drainEnded(ServerEvent.DrainEnded e, @Nullable DrainEnded begun) {
    if (!DRAIN_ENDED.isEnabled()) {
      return;
    }
    DrainEnded event = begun != null ? begun : new DrainEnded();
    event.end();
    if (event.shouldCommit()) {
      DrainReport report = e.report();
      event.finished = report.finished();
      event.forced = report.forced();
      event.forcedAt = Shown.places(report.forcedAt());
      event.survivors = report.survivors().size();
      event.tasks = report.tasks().size();
      event.commit();
    }
  }

  @Name("io.plainweave.BackgroundFailed")
  @Label("Background Task Failed")
  @Description("A background task has failed; the server drains")
  @Category({"Plainweave", "Server"})
  @StackTrace(false)
  static final class BackgroundFailed extends Event {
    @Label("Task")
    String task = "";

    @Label("Failure")
    String failure = "";
  }

  @Name("io.plainweave.CarriersBusy")
  @Label("Carriers Busy")
  @Description("No virtual thread could run for a while")
  @Category({"Plainweave", "Server"})
  @StackTrace(false)
  static final class CarriersBusy extends Event {
    @Label("Waited")
    @Description("For how long none has run")
    @Timespan(Timespan.MILLISECONDS)
    long waited;

    @Label("Parallelism")
    @Description("How many carriers there are now")
    int parallelism;

    @Label("Busy")
    @Description("The handlers and background tasks that keep them")
    String busy = "";
  }

  @Name("io.plainweave.DrainBegan")
  @Label("Drain Begun")
  @Description("The server drains")
  @Category({"Plainweave", "Server"})
  @StackTrace(false)
  static final class DrainBegan extends Event {
    @Label("Connections")
    int connections;
  }

  @Name("io.plainweave.DrainEnded")
  @Label("Drain")
  @Description("The drain of a server, from its beginning to its end")
  @Category({"Plainweave", "Server"})
  @StackTrace(false)
  static final class DrainEnded extends Event {
    @Label("Finished")
    @Description("How many connections have ended by themselves")
    int finished;

    @Label("Forced")
    @Description("How many were cancelled when the time had run out")
    int forced;

    @Label("Forced At")
    @Description("Where the first of them stood")
    String forcedAt = "";

    @Label("Survivors")
    @Description("How many handlers ignore the cancellation")
    int survivors;

    @Label("Tasks")
    @Description("How many background tasks have not ended")
    int tasks;
  }
}
