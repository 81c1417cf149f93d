package io.plainweave.loadtests.fullheap;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A JVM that a server runs on. */
enum Kind {
  SERIAL("-XX:+UseSerialGC", 0),
  G1("-XX:+UseG1GC", 0),
  PARALLEL("-XX:+UseParallelGC", 0),
  ZGC("-XX:+UseZGC", 0),
  /** Two event loops instead of the scheduler of the JDK. */
  LOOPS("-XX:+UseSerialGC", 2);

  private final String collector;

  /** How many event loops; 0 for the JDK's scheduler. */
  final int eventLoops;

  Kind(String collector, int eventLoops) {
    this.collector = collector;
    this.eventLoops = eventLoops;
  }

  /** The options of its JVM. */
  List<String> flags(int heap) {
    List<String> flags = new ArrayList<>();
    flags.add("--add-opens=java.base/java.lang=ALL-UNNAMED");
    flags.add(collector);
    flags.add("-Xmx" + heap + "m");
    // The JVM is not to be the only program on a small machine for a minute.
    flags.add("-XX:TieredStopAtLevel=1");
    flags.add("-XX:-UsePerfData");
    return flags;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
