package io.plainweave.loadtests.models;

import io.plainweave.loadtests.compare.ClientProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Looks for the end of a model: opens connections until one is not answered, and names the cause by
 * the state of the server then.
 */
final class Ends {
  private static final String DESCRIPTORS = "descriptors";

  /** Between two looks at what the machine has left. */
  private static final int CHUNK = 1_000;

  /** What a client may hold at a descriptor limit of 20,000, with some kept for itself. */
  private static final int MOST_OF_A_CLIENT = 19_000;

  /** The share of the memory that is available, or of the threads, which a model may take. */
  private static final double MOST_OF_MEMORY = 0.5;

  private static final double MOST_OF_THREADS = 0.75;

  /** So many below its limit a process has met it: it has closed some again when it failed. */
  private static final int DESCRIPTORS_IN_USE = 16;

  private final Model model;
  private final ModelServer server;
  private final Clients clients;

  /** Without a connection. */
  private final long memory;

  private final long descriptors;
  private final OptionalLong mostDescriptors;
  private final long availableMemory;

  Ends(Model model, ModelServer server, Clients clients, long memory) throws IOException {
    this.model = model;
    this.server = server;
    this.clients = clients;
    this.memory = memory;
    descriptors = server.processes().descriptors();
    mostDescriptors = server.processes().mostDescriptors();
    availableMemory = ProcessTree.availableMemory();
  }

  /** The end, if so many connections would take more memory than is good for the machine. */
  End beforeOpening(Point last, int connections) {
    double more = last.memoryPerConnection() * (connections - last.answered());
    return more > MOST_OF_MEMORY * availableMemory ? byMemory(last) : null;
  }

  /**
   * The end, where a connection of the sweep could not be opened: a server that lives refuses none.
   */
  End find(ClientAnswer answer) throws IOException, InterruptedException {
    return server.survives()
        ? notMet(answer.answered(), "a client that failed: " + answer.failure())
        : named(answer.answered(), answer.connected());
  }

  /** The end, after the last point of the sweep. */
  End find(List<Point> points) throws IOException, InterruptedException {
    Point last = points.getLast();
    if (last.answered() < last.connections()) {
      End named = named(last.answered(), last.connected());
      boolean isByWorkers = model.workers() > 0 && !named.cause().equals(DESCRIPTORS);
      return isByWorkers ? byWorkers(points) : named;
    }
    return model == Model.PROCESS_PER_CONNECTION ? byMemory(last) : open(last.answered());
  }

  private End byWorkers(List<Point> points) {
    Point last = points.getLast();
    StringBuilder text =
        new StringBuilder(
            text(
                "it serves %,d at a time; of %,d connections %,d waited in the accept queue",
                last.answered(), last.connections(), waiting(last.queues())));
    if (last.queues().size() > 1) {
      text.append(" (a queue for each worker: ").append(last.queues()).append(')');
      for (Point point : points) {
        if (point.connections() == model.workers()) {
          text.append(
              text(
                  "; of %d connections to %d workers %d were served, queues %s",
                  point.connections(), model.workers(), point.answered(), point.queues()));
        }
      }
    }
    String cause = last.answered() == 1 ? "its one thread" : "its workers";
    return new End(last.answered(), End.How.SEEN, cause, text.toString());
  }

  /** Computed: to reach it would leave nothing to the machine's other work. */
  private End byMemory(Point last) {
    double bytes = Math.max(1, last.memoryPerConnection());
    return new End(
        NextLimit.rounded(availableMemory / bytes),
        End.How.COMPUTED,
        "memory",
        text(
            "%.1f MB and %.1f threads a connection at %,d of them; %.1f GB were available",
            bytes / 1e6,
            (double) last.threads() / Math.max(1, last.answered()),
            last.answered(),
            availableMemory / 1e9));
  }

  /** Opens more and more, with one client and then the other. */
  private End open(int open) throws IOException, InterruptedException {
    int answered = open;
    long used = memory;
    NextLimit next = null;
    for (int more = CHUNK; more + open <= 2 * MOST_OF_A_CLIENT; more += CHUNK) {
      int further = Math.min(more, MOST_OF_A_CLIENT);
      ClientAnswer others = open(clients.further(), further);
      ClientAnswer own = open(clients.busy(), open + more - further);
      answered = own.answered() + others.answered();
      if (answered < open + more || !server.isAlive()) {
        ClientAnswer failed = own.failure() == null ? others : own;
        End end =
            failed.failure() != null && server.survives()
                ? notMet(answered, "a client that failed: " + failed.failure())
                : named(answered, own.connected() + others.connected());
        return with(end, used, next);
      }
      ProcessTree processes = server.processes();
      used = processes.memory();
      next = NextLimit.of(processes, answered, used - memory);
      if (used - memory > MOST_OF_MEMORY * availableMemory) {
        return with(
            notMet(answered, "half of the memory that was available is in use"), used, next);
      }
      if (processes.threads() > MOST_OF_THREADS * mostThreads()) {
        return with(notMet(answered, "it has three quarters of all threads"), used, next);
      }
    }
    return with(notMet(answered, "the clients can open no more"), used, next);
  }

  private ClientAnswer open(ClientProcess client, int connections) {
    return client.execute(
        ClientOrder.open(server.port(), connections, model.mostInFlight(), model.patienceMillis()),
        ClientAnswer.class);
  }

  private static End notMet(int answered, String why) {
    return new End(answered, End.How.NOT_MET, why, "");
  }

  /** The cause, by the state of the server. */
  private End named(int answered, int connected) throws InterruptedException, IOException {
    boolean lives = server.survives();
    long inUse = lives ? server.processes().descriptors() : descriptors + connected;
    long most = mostDescriptors.orElse(Long.MAX_VALUE);
    String words = server.lastWords();
    String after =
        lives
            ? text("the next ones wait in the accept queue (%,d)", waiting(server.queues()))
            : "the process has ended, with all its connections";
    String said = words.isEmpty() ? "" : "; it said: " + words;
    if (inUse >= most - DESCRIPTORS_IN_USE) {
      String all = text("all %,d that the process may open", most);
      return new End(answered, End.How.SEEN, DESCRIPTORS, all + "; " + after + said);
    }
    String cause;
    if (words.contains("native thread")) { // the JVM says so, and no state does
      cause = "threads";
    } else if (lives) {
      cause = model.workers() > 0 ? "its workers" : "a limit of its own";
    } else {
      cause = "its end";
    }
    String some = text("%,d of %,d descriptors are open", inUse, most);
    return new End(answered, End.How.SEEN, cause, some + "; " + after + said);
  }

  private static int waiting(List<Integer> queues) {
    return queues.stream().mapToInt(it -> it).sum();
  }

  /** With what was in use, and what would come next. */
  private static End with(End end, long used, NextLimit next) {
    if (next == null) {
      return end;
    }
    String seen = end.text().isEmpty() ? "" : end.text() + ". ";
    return new End(
        end.connections(),
        end.how(),
        end.cause(),
        text("%s%,.0f MB then; next: %s", seen, used / 1e6, next));
  }

  private static long mostThreads() throws IOException {
    long most = Long.MAX_VALUE;
    for (String name : List.of("pid_max", "threads-max")) {
      Path file = Path.of("/proc/sys/kernel", name);
      most = Math.min(most, Long.parseLong(Files.readAllLines(file).getFirst().strip()));
    }
    return most;
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
