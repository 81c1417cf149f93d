/**
 * What a connection speaks, told by its first bytes, before they are read: several protocols on one
 * port ({@link io.plainweave.protocol.Protocols}), and the names in a TLS handshake that goes on to
 * another server without being decrypted ({@link io.plainweave.protocol.ClientHello}).
 */
@NullMarked
package io.plainweave.protocol;

import org.jspecify.annotations.NullMarked;
