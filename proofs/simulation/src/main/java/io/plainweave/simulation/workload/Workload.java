package io.plainweave.simulation.workload;

import io.plainweave.simulation.world.World;

/** What servers and clients do in a world, and what must hold of it. */
public interface Workload {
  /** Does it, from the start of the servers to their end. */
  void run(World world) throws Exception;
}
