package io.plainweave.internal.recording;

import io.plainweave.event.ServerObserver;
import java.util.List;
import java.util.stream.Stream;

/** The door to the Flight Recorder, open where this JVM has one. */
public final class Recording {
  private Recording() {}

  /**
   * Returns these observers behind one that records, or alone where nothing can record: in a JVM
   * without the module {@code jdk.jfr}, as an image of jlink may be.
   */
  public static List<ServerObserver> before(List<ServerObserver> observers) {
    // A class that knows JFR must not be loaded before that is certain.
    return isAvailable()
        ? Stream.concat(Stream.of(new Recorder()), observers.stream()).toList()
        : observers;
  }

  private static boolean isAvailable() {
    return ModuleLayer.boot()
        .findModule("jdk.jfr")
        .filter(Recording.class.getModule()::canRead)
        .isPresent();
  }
}
