/** Time, counted in ticks by the reaper. */
@NullMarked
package io.plainweave.internal.time;

import org.jspecify.annotations.NullMarked;
