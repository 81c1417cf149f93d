/**
 * The proof that a server loses nothing and harms nobody, whatever is done to it and its peers.
 *
 * <p>{@link io.plainweave.loadtests.havoc.Havoc} is the command line. In each {@link
 * io.plainweave.loadtests.havoc.Round} a {@link io.plainweave.loadtests.havoc.HavocServer} in a
 * process of its own serves {@link io.plainweave.loadtests.havoc.Customers}, who check every byte,
 * while {@link io.plainweave.loadtests.havoc.Blow}s are dealt; then everybody leaves, and {@link
 * io.plainweave.loadtests.havoc.BaseInvariant} looks at what is left.
 */
package io.plainweave.loadtests.havoc;
