package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Target;
import java.util.List;
import java.util.Optional;

/**
 * What of a run is on other machines.
 *
 * @param servers where the connections go; empty if the run starts its own
 * @param start where the start signal is given; empty if the run need not wait for one
 */
public record OtherMachines(List<Target> servers, Optional<Target> start) {}
