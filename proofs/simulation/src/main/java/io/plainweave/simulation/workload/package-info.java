/** What servers and clients do, and what must hold of it. */
package io.plainweave.simulation.workload;
