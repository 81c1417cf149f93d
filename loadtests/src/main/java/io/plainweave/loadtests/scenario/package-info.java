/**
 * The scenarios: each leads a {@link io.plainweave.loadtests.coordinator.Run} through its phases,
 * states what it expects, and fails when that does not hold.
 */
package io.plainweave.loadtests.scenario;
