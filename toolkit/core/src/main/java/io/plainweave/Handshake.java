package io.plainweave;

import io.plainweave.tls.ServerTls;
import org.jspecify.annotations.Nullable;

/**
 * What comes between accept and handler, in this order.
 *
 * @param proxyProtocol from whom a PROXY header comes first; null if from nobody
 * @param tls how TLS is spoken then; null if all is in plain
 */
public record Handshake(@Nullable ProxyProtocol proxyProtocol, @Nullable ServerTls tls) {
  /** Nothing: the first byte is the handler's. */
  public static final Handshake NONE = new Handshake(null, null);

  Handshake with(ProxyProtocol proxyProtocol) {
    return new Handshake(proxyProtocol, tls);
  }

  Handshake with(ServerTls tls) {
    return new Handshake(proxyProtocol, tls);
  }
}
