package io.plainweave.admin.threads;

import java.util.List;
import java.util.Locale;

/** Prints a tree. Many threads of one scope become a table of what they do. */
final class TreeText {
  private final ThreadTree tree;
  private final int most;
  private final StringBuilder out = new StringBuilder();

  /**
   * Describes the text.
   *
   * @param most how many threads of a scope are printed one by one
   */
  TreeText(ThreadTree tree, int most) {
    this.tree = tree;
    this.most = most;
  }

  String print() {
    line(
        "",
        "process %s, Java %s, %s: %,d threads, %,d of them virtual",
        tree.processId(),
        tree.version(),
        tree.time(),
        tree.allThreads().count(),
        tree.allThreads().filter(ScopedThread::isVirtual).count());
    for (ThreadScope scope : tree.scopes()) {
      // Those of the JDK may hold nothing: schedulers, pollers, pools.
      if (!scope.threads().isEmpty() || !scope.scopes().isEmpty()) {
        print(scope, "");
      }
    }
    line("", "");
    line("", "in no scope%s", count(tree.others().size()));
    printThreads(new ThreadScope("", tree.others(), List.of()), "  ");
    return out.toString();
  }

  private void print(ThreadScope scope, String indent) {
    line(indent, "%s%s", shown(scope.name()), count(scope.threads().size()));
    printThreads(scope, indent + "  ");
    for (ThreadScope inner : scope.scopes()) {
      print(inner, indent + "  ");
    }
  }

  private void printThreads(ThreadScope scope, String indent) {
    if (scope.threads().size() > most) {
      printTable(scope.places(), indent);
      List<ScopedThread> inScopes =
          scope.ofThreads().flatMap(ThreadScope::all).flatMap(it -> it.threads().stream()).toList();
      if (!inScopes.isEmpty()) {
        line(indent, "in their scopes%s", count(inScopes.size()));
        printTable(PlaceCount.of(inScopes.stream()), indent + "  ");
      }
      return;
    }
    for (ScopedThread thread : scope.threads()) {
      String name = thread.name().isEmpty() ? "" : " " + shown(thread.name());
      line(indent, "#%d%s: %s", thread.id(), name, thread.place());
      for (ThreadScope opened : thread.scopes()) {
        print(opened, indent + "  ");
      }
    }
  }

  private void printTable(List<PlaceCount> places, String indent) {
    places.stream()
        .limit(most)
        .forEach(count -> line(indent, "%,9d  %s", count.threads(), count.place()));
    if (places.size() > most) {
      line(
          indent,
          "%,9d  at %,d other places",
          places.stream().skip(most).mapToLong(PlaceCount::threads).sum(),
          places.size() - most);
    }
  }

  private static String count(int threads) {
    return switch (threads) {
      case 0 -> "";
      case 1 -> ": 1 thread";
      default -> String.format(Locale.ROOT, ": %,d threads", threads);
    };
  }

  /** Names are the program's own, and may hold what would begin another line. */
  private static String shown(String name) {
    StringBuilder text = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (Character.isISOControl(c)) {
        text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  @SuppressWarnings("AnnotateFormatMethod") // that is a class of Error Prone
  private void line(String indent, String format, Object... arguments) {
    out.append(indent).append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}
