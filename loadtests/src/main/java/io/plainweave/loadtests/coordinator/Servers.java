package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import io.plainweave.loadtests.control.Target;
import io.plainweave.loadtests.machine.Destinations;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The server processes of a run, which share one port.
 *
 * <p>Belongs to the thread of its run.
 */
final class Servers {
  private final Fleet fleet;
  private final Layout layout;
  private final String main;
  private final List<ChildProcess> running = new ArrayList<>();
  private List<String> options = List.of();
  private long heap = JavaCommand.ECHO_HEAP; // for a connection
  private int port;
  private int started;
  private int replaced;
  private long received; // bytes, by those that have drained

  /**
   * Starts none yet.
   *
   * @param main the class that each of them runs
   */
  Servers(Fleet fleet, Layout layout, String main) {
    this.fleet = fleet;
    this.layout = layout;
    this.main = main;
  }

  /** How much heap those that are started get for each connection. */
  void setHeap(long heap) {
    this.heap = heap;
  }

  long heap() {
    return heap;
  }

  /** Starts as many as the layout has. */
  void start(List<String> options, Duration limit) throws InterruptedException {
    this.options = options;
    // The first server picks a free port; all the others must listen on it before the first
    // connect, for only then does the kernel spread the connections evenly.
    running.add(startOne());
    port = fleet.await(Notice.Listening.class, running, limit).get(running.getFirst()).port();
    for (int i = 2; i <= layout.servers(); i++) {
      running.add(startOne());
    }
    fleet.await(Notice.Listening.class, running.subList(1, running.size()), limit);
  }

  private ChildProcess startOne() {
    started++;
    List<String> arguments = new ArrayList<>(options);
    arguments.add("--port=" + port);
    return fleet.start(
        "server " + started, JavaCommand.server(main, layout.serverShare(), heap, arguments));
  }

  /** Starts one that is to take the place of another, and waits until it listens. */
  ChildProcess startNext(Duration limit) throws InterruptedException {
    ChildProcess next = startOne();
    fleet.await(Notice.Listening.class, List.of(next), limit);
    return next;
  }

  /** The old one has ended. */
  void replace(ChildProcess old, ChildProcess next) {
    running.set(running.indexOf(old), next);
    replaced++;
  }

  void drained(Notice.Drained drained) {
    received += drained.received();
  }

  /** Those that run now. */
  List<ChildProcess> running() {
    return running;
  }

  int replaced() {
    return replaced;
  }

  /** Bytes that those have received that have drained. */
  long received() {
    return received;
  }

  /** Where they listen. */
  List<Target> targets() {
    return new Destinations(layout.destinations(), port)
        .all().stream()
            .map(it -> new Target(it.getAddress().getHostAddress(), it.getPort()))
            .toList();
  }

  void tell(Order order) {
    running.forEach(server -> server.tell(order));
  }

  ServerMemory memory(Duration limit) throws InterruptedException {
    OptionalLong slabs = Machine.slabs();
    tell(new Order.Measure());
    return new ServerMemory(fleet.await(Notice.Memory.class, running, limit).values(), slabs);
  }
}
