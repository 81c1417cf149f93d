package io.plainweave;

import io.plainweave.tls.ServerTls;
import org.jspecify.annotations.Nullable;

/**
 * What comes between accept and handler, in this order.
 *
 * @param proxyProtocol from whom a PROXY header comes first; null if from nobody
 * @param tls how TLS is spoken then; null if all is in plain
 */
public record Preface(@Nullable ProxyProtocol proxyProtocol, @Nullable ServerTls tls) {
  /** Nothing: the first byte is the handler's. */
  public static final Preface NONE = new Preface(null, null);

  Preface with(ProxyProtocol proxyProtocol) {
    return new Preface(proxyProtocol, tls);
  }

  Preface with(ServerTls tls) {
    return new Preface(proxyProtocol, tls);
  }
}
