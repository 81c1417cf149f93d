package io.plainweave.admin;

import io.plainweave.admission.Network;
import io.plainweave.status.ConnectionState;
import io.plainweave.status.ConnectionStatus;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which connections are asked for, and in which order.
 *
 * @param which those
 * @param order the first ones first; null for none, as they come
 * @param limit how many at most
 */
record ConnectionQuery(
    Predicate<ConnectionStatus> which, @Nullable Comparator<ConnectionStatus> order, int limit) {
  static final String[] PARAMETERS = {
    "listener", "network", "state", "older-than", "sort", "limit", "format"
  };

  /** As many are kept to be sorted. */
  private static final int MOST_SORTED = 10_000;

  private static final int SORTED = 100;
  private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)?");

  static ConnectionQuery of(Map<String, String> parameters) throws Refused {
    Predicate<ConnectionStatus> which = _ -> true;
    String listener = parameters.get("listener");
    if (listener != null) {
      which = which.and(status -> status.isOf(listener));
    }
    String network = parameters.get("network");
    if (network != null) {
      Network parsed = network(network);
      which = which.and(status -> status.isPeerIn(parsed));
    }
    String states = parameters.get("state");
    if (states != null) {
      Set<ConnectionState> parsed = states(states);
      which = which.and(status -> parsed.contains(status.state()));
    }
    String older = parameters.get("older-than");
    if (older != null) {
      Duration least = time(older);
      which = which.and(status -> status.isOpenFor(least));
    }
    String sort = parameters.get("sort");
    Comparator<ConnectionStatus> order = sort == null ? null : order(sort);
    return new ConnectionQuery(which, order, limit(parameters.get("limit"), order != null));
  }

  private static Network network(String text) throws Refused {
    try {
      return Network.parse(text);
    } catch (IllegalArgumentException e) {
      throw new Refused(Status.BAD_REQUEST, "network is as 10.0.0.0/8 or 2001:db8::/32");
    }
  }

  private static Set<ConnectionState> states(String text) throws Refused {
    Set<ConnectionState> states = EnumSet.noneOf(ConnectionState.class);
    for (String name : text.split(",", -1)) {
      try {
        states.add(ConnectionState.valueOf(name.toUpperCase(Locale.ROOT)));
      } catch (IllegalArgumentException e) {
        List<String> known = Stream.of(ConnectionState.values()).<String>map(Shown::word).toList();
        throw new Refused(Status.BAD_REQUEST, "state is some of " + String.join(",", known));
      }
    }
    return states;
  }

  private static Duration time(String text) throws Refused {
    Matcher time = TIME.matcher(text);
    if (!time.matches()) {
      throw new Refused(Status.BAD_REQUEST, "older-than is as 500ms, 90s, 5m, 2h or 1d");
    }
    long number = Long.parseLong(time.group(1));
    return switch (time.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      case "d" -> Duration.ofDays(number);
      case null, default -> Duration.ofSeconds(number);
    };
  }

  private static Comparator<ConnectionStatus> order(String text) throws Refused {
    Comparator<ConnectionStatus> least =
        switch (text) {
          case "age" -> Comparator.comparing(ConnectionStatus::age);
          case "bytes" -> Comparator.comparingLong(status -> status.received() + status.sent());
          case "in-state" -> Comparator.comparing(ConnectionStatus::inState);
          default -> throw new Refused(Status.BAD_REQUEST, "sort is age, bytes or in-state");
        };
    return least.reversed().thenComparingLong(ConnectionStatus::id);
  }

  private static int limit(@Nullable String text, boolean sorted) throws Refused {
    int most = sorted ? MOST_SORTED : Integer.MAX_VALUE;
    if (text == null) {
      return sorted ? SORTED : most;
    }
    try {
      int limit = Integer.parseInt(text);
      if (limit >= 0 && limit <= most) {
        return limit;
      }
    } catch (NumberFormatException e) {
      // As one that is out of range.
    }
    throw new Refused(
        Status.BAD_REQUEST, "limit is a number" + (sorted ? " up to " + most + " with sort" : ""));
  }

  /** Finds them. No more than the limit are kept at a time, and without an order none. */
  Stream<ConnectionStatus> in(Stream<ConnectionStatus> connections) {
    Stream<ConnectionStatus> found = connections.filter(which);
    if (order == null) {
      return found.limit(limit);
    }
    var first = new PriorityQueue<ConnectionStatus>(order.reversed());
    found.forEach(status -> {
      first.add(status);
      if (first.size() > limit) {
        first.remove();
      }
    });
    return first.stream().sorted(order);
  }
}
