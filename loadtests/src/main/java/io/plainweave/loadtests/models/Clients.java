package io.plainweave.loadtests.models;

import io.plainweave.loadtests.compare.ClientProcess;
import java.util.List;

/**
 * The two client processes: one may open as many descriptors as the server, so that the server's
 * end is met before the client's by two.
 *
 * @param busy whose connections make load
 * @param further whose connections are idle, or more than there is load for
 */
record Clients(ClientProcess busy, ClientProcess further) implements AutoCloseable {
  static Clients start(boolean pinned) {
    List<String> pinning = pinned ? List.of(Programs.TASKSET, "-c", "1") : List.of();
    return new Clients(start(pinning), start(pinning));
  }

  private static ClientProcess start(List<String> pinning) {
    return ClientProcess.start(ModelsClient.class, List.of(), pinning);
  }

  /** Closes all connections. */
  void disconnect() {
    busy.execute(ClientOrder.close(), ClientAnswer.class);
    further.execute(ClientOrder.close(), ClientAnswer.class);
  }

  @Override
  public void close() {
    busy.close();
    further.close();
  }
}
