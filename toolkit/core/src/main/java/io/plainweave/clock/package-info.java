/** By what time limits are measured: the machine's, or one that a test moves. */
@NullMarked
package io.plainweave.clock;

import org.jspecify.annotations.NullMarked;
