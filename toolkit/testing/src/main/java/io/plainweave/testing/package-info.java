/**
 * What tests of a protocol need: connections in memory, a clock that the test moves, a scripted
 * peer, and checks that nothing is left behind. The guide is {@code toolkit/docs/testing.md}.
 */
@NullMarked
package io.plainweave.testing;

import org.jspecify.annotations.NullMarked;
