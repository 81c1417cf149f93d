/**
 * TLS 1.2 and 1.3 for servers and clients: who this side is ({@link io.plainweave.tls.Identity}),
 * whom it trusts, and what it agrees to. A {@link io.plainweave.tls.ServerTls} or {@link
 * io.plainweave.tls.ClientTls} has read its files when it is made, and reads them again on demand
 * while the server runs.
 *
 * <p>The engine is that of the JDK. Nothing here knows of sockets.
 */
@NullMarked
package io.plainweave.tls;

import org.jspecify.annotations.NullMarked;
