/** The end of the process: signals, what they stop, and the threads that are waited for. */
@NullMarked
package io.plainweave.internal.process;

import org.jspecify.annotations.NullMarked;
