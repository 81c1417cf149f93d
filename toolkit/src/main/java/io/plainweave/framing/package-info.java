/** Messages in the byte streams of a connection. */
@NullMarked
package io.plainweave.framing;

import org.jspecify.annotations.NullMarked;
