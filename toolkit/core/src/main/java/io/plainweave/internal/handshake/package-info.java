/** What comes between accept and handler: the PROXY header, the source that it names, TLS. */
@NullMarked
package io.plainweave.internal.handshake;

import org.jspecify.annotations.NullMarked;
