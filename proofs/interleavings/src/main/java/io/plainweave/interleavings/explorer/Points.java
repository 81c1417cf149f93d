package io.plainweave.interleavings.explorer;

import java.util.ArrayList;
import java.util.List;

/** Where a thread may lose its turn: before each access to what threads may share. */
public final class Points {
  /** Where each of them is, in words; filled by class loaders. */
  private static final List<String> PLACES = new ArrayList<>();

  /** The run that is under way; set by the thread that explores, read by those that it runs. */
  private static volatile Run run;

  private Points() {}

  static synchronized int add(String place) {
    PLACES.add(place);
    return PLACES.size() - 1;
  }

  static synchronized String place(int point) {
    return PLACES.get(point);
  }

  static void use(Run next) {
    run = next;
  }

  /** Called by code that the {@link Loader} has loaded. */
  public static void reached(int point) {
    Run now = run;
    if (now != null) {
      now.reached(point);
    }
  }
}
