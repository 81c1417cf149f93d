/**
 * How bytes travel and threads wait: a channel that never blocks, the pollers that wake its
 * threads, TLS records between the two, and the buffers that all of them borrow.
 */
@NullMarked
package io.plainweave.internal.transport;

import org.jspecify.annotations.NullMarked;
