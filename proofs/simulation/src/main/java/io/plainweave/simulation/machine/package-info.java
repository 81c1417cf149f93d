/** A machine with one processor, whose turns and time go by a seed. */
package io.plainweave.simulation.machine;
