package io.plainweave.loadtests.server;

import com.sun.management.GarbageCollectionNotificationInfo;
import io.plainweave.loadtests.control.Control;
import io.plainweave.loadtests.control.Notice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/** Tells the coordinator what this process's memory does while it runs. */
final class Sampler implements AutoCloseable {
  private final ResidentMemory resident;
  private final Control control;
  private final IntSupplier connections;
  private final ScheduledExecutorService everySecond =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("sampler").factory());

  Sampler(ResidentMemory resident, Control control, IntSupplier connections) {
    this.resident = resident;
    this.control = control;
    this.connections = connections;
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (collector instanceof NotificationEmitter emitter) {
        emitter.addNotificationListener((notification, _) -> paused(notification), null, null);
      }
    }
    everySecond.scheduleAtFixedRate(this::sample, 0, 1, TimeUnit.SECONDS);
  }

  /** The heap that is in use, garbage included. */
  static long heap() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private void sample() {
    try {
      control.tell(new Notice.Sample(connections.getAsInt(), heap(), resident.bytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // ends the samples; the figures of the run are measured
    }
  }

  private void paused(Notification notification) {
    if (notification
        .getType()
        .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
      var info = GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData());
      control.tell(new Notice.Paused(info.getGcInfo().getDuration(), info.getGcCause()));
    }
  }

  @Override
  public void close() {
    everySecond.shutdownNow();
  }
}
