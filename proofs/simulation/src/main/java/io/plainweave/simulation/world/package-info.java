/** What a workload lives in: a network, weather, actors. */
package io.plainweave.simulation.world;
