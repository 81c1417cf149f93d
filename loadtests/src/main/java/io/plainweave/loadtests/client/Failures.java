package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Failure;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.util.EnumMap;
import java.util.Map;

/** Failed connections by kind, with the first of each kind in words. Not thread-safe. */
public final class Failures {
  private final Map<Failure, Integer> counts = new EnumMap<>(Failure.class);
  private final Map<Failure, String> first = new EnumMap<>(Failure.class);

  void add(Failure kind, String text) {
    counts.merge(kind, 1, Integer::sum);
    first.putIfAbsent(kind, text);
  }

  /** The kind of failure that has kept a connect from coming through. */
  static Failure kindOfConnect(IOException e) {
    return switch (e) {
      case ConnectException _ -> Failure.REFUSED;
      // EADDRNOTAVAIL: no ephemeral port is left for this destination.
      case BindException _ -> Failure.NO_LOCAL_PORT;
      default -> Failure.NOT_CONNECTED;
    };
  }

  int total() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  Map<Failure, Integer> counts() {
    return new EnumMap<>(counts);
  }

  /** The first failure of each kind, in words. */
  Map<Failure, String> first() {
    return first;
  }
}
