/**
 * The PROXY protocol, versions 1 and 2: the header in which a proxy or load balancer lets a server
 * know whose connection it passes on.
 *
 * <ul>
 *   <li>{@link io.plainweave.proxyprotocol.ProxyHeader} is one header: the addresses of the client
 *       and of the server it wanted, and what else the proxy says.
 *   <li>{@link io.plainweave.proxyprotocol.Tlv} is one further fact in a header of version 2, and
 *       {@link io.plainweave.proxyprotocol.ProxiedTls} the one about TLS between client and proxy.
 * </ul>
 *
 * <p>This is the format alone: bytes to headers and back. It follows <a
 * href="https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt">the specification</a>, and
 * where that leaves a choice to the receiver, it takes the strict one.
 */
@NullMarked
package io.plainweave.proxyprotocol;

import org.jspecify.annotations.NullMarked;
