/** Datagrams from the socket to the handler, and the limits on the way. */
@NullMarked
package io.plainweave.internal.udp;

import org.jspecify.annotations.NullMarked;
