package io.plainweave.admission;

/**
 * Why a connection is not served, although it was accepted: by the {@link AdmissionRules}, or those
 * of the {@link io.plainweave.proxyprotocol.ProxyProtocol}.
 */
public enum Refusal {
  /** Its source is in a denied network, or in none of those that are allowed. */
  DENIED,

  /** It comes from none of the proxies from which connections are expected. */
  NO_PROXY,

  /** Its source comes too often. */
  SOURCE_RATE,

  /** Its source has as many connections as it may have. */
  SOURCE_LIMIT,

  /** The network of its source has as many connections as it may have. */
  NETWORK_LIMIT,

  /** The server, or the listener, has as many connections as it may have, or memory is short. */
  FULL
}
