package io.plainweave.loadtests.tree;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Prints a dump as a tree: each scope below the thread that has opened it, or below the scope
 * around it, and each thread in its scope. Many threads of one scope are printed as a table of what
 * they do, those of their own scopes among them.
 */
final class TreeText {
  private static final String ROOT = "<root>";

  private final ThreadDump dump;
  private final int most;
  private final PrintWriter out;
  private final Map<String, List<Container>> byParent;

  /**
   * Describes the text.
   *
   * @param most how many threads of a scope are printed one by one
   */
  TreeText(ThreadDump dump, int most, PrintWriter out) {
    this.dump = dump;
    this.most = most;
    this.out = out;
    byParent =
        dump.containers().stream()
            .filter(container -> container.parent() != null)
            .collect(
                Collectors.groupingBy(container -> Objects.requireNonNull(container.parent())));
  }

  void print() {
    out.println(
        format(
            "process %s, Java %s, %s: %,d threads, %,d of them virtual",
            dump.processId(), dump.version(), dump.time(), dump.threads(), dump.virtualThreads()));
    for (Container container : children(ROOT)) {
      // The JDK's own: schedulers, pollers, pools.
      if (!container.threads().isEmpty() || !children(container.id()).isEmpty()) {
        print(container, "");
      }
    }
    for (Container container : dump.containers()) {
      if (container.id().equals(ROOT)) {
        out.println();
        out.println("in no scope" + count(container.threads()));
        printThreads(container, List.of(), "  ");
      }
    }
  }

  private List<Container> children(String id) {
    return byParent.getOrDefault(id, List.of());
  }

  private void print(Container container, String indent) {
    out.println(indent + container.name() + count(container.threads()));
    List<Container> children = children(container.id());
    List<String> owners = container.threads().stream().map(DumpedThread::id).toList();
    // Those of a thread of this one are printed below it, or counted with it.
    Map<Boolean, List<Container>> ofThreads =
        children.stream()
            .collect(Collectors.partitioningBy(child -> owners.contains(child.owner())));
    printThreads(container, ofThreads.get(true), indent + "  ");
    for (Container child : ofThreads.get(false)) {
      print(child, indent + "  ");
    }
  }

  private void printThreads(Container container, List<Container> scopes, String indent) {
    if (container.threads().size() > most) {
      printTable(container.threads(), indent);
      List<DumpedThread> inScopes = scopes.stream().flatMap(this::all).toList();
      if (!inScopes.isEmpty()) {
        out.println(indent + "in their scopes" + count(inScopes));
        printTable(inScopes, indent + "  ");
      }
      return;
    }
    Map<String, List<Container>> byOwner = new HashMap<>();
    for (Container scope : scopes) {
      byOwner.computeIfAbsent(scope.owner(), _ -> new ArrayList<>()).add(scope);
    }
    for (DumpedThread thread : container.threads()) {
      out.println(indent + name(thread) + ": " + thread.place());
      for (Container scope : byOwner.getOrDefault(thread.id(), List.of())) {
        print(scope, indent + "  ");
      }
    }
  }

  private Stream<DumpedThread> all(Container container) {
    return Stream.concat(
        container.threads().stream(), children(container.id()).stream().flatMap(this::all));
  }

  private void printTable(List<DumpedThread> threads, String indent) {
    Map<DumpedThread.Place, Long> counts =
        threads.stream()
            .collect(
                Collectors.groupingBy(
                    DumpedThread::place, LinkedHashMap::new, Collectors.counting()));
    counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(most)
        .forEach(
            entry -> out.println(indent + format("%,9d  %s", entry.getValue(), entry.getKey())));
    long rest =
        counts.values().stream()
            .sorted(Comparator.reverseOrder())
            .skip(most)
            .mapToLong(n -> n)
            .sum();
    if (rest > 0) {
      out.println(indent + format("%,9d  at %,d other places", rest, counts.size() - most));
    }
  }

  private static String count(List<DumpedThread> threads) {
    return switch (threads.size()) {
      case 0 -> "";
      case 1 -> ": 1 thread";
      default -> format(": %,d threads", threads.size());
    };
  }

  private static String name(DumpedThread thread) {
    return "#" + thread.id() + (thread.name().isEmpty() ? "" : " " + thread.name());
  }

  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
