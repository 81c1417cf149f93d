/** Sockets that listen: bound, inherited, at an address or a path, and their options. */
@NullMarked
package io.plainweave.internal.socket;

import org.jspecify.annotations.NullMarked;
