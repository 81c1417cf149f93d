/**
 * The coordinator of a run: starts the children, leads them from phase to phase and records what
 * they say.
 *
 * <p>{@link io.plainweave.loadtests.coordinator.Run} is what a scenario uses. Behind it, a {@code
 * Fleet} owns the {@code ChildProcess}es, so that none outlives the run, and a {@code Recorder}
 * keeps what is drawn over time.
 */
package io.plainweave.loadtests.coordinator;
