/** What the targets share: inputs and their splits, outcomes, bounds, a connection in memory. */
package io.plainweave.fuzz.support;
