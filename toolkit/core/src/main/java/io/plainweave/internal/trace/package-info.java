/**
 * What becomes of the bytes of traced connections: where they are seen, the queue behind which they
 * are written, and the forms in which they are. It knows connections as {@link
 * io.plainweave.internal.trace.Traceable} only.
 */
@NullMarked
package io.plainweave.internal.trace;

import org.jspecify.annotations.NullMarked;
