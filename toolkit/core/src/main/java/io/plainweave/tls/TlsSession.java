package io.plainweave.tls;

import io.plainweave.text.OneLine;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.security.auth.x500.X500Principal;

/**
 * What the two sides of a connection have agreed on.
 *
 * @param protocol {@code TLSv1.3} or {@code TLSv1.2}
 * @param cipherSuite by its name in the registry of IANA
 * @param applicationProtocol what they speak by the negotiation of RFC 7301 (ALPN), if they have
 *     negotiated it
 * @param serverName the name by which the client has asked for the server (SNI, RFC 6066), if it
 *     has
 * @param peerCertificates the certificates of the peer, its own first; empty if it has shown none
 */
public record TlsSession(
    String protocol,
    String cipherSuite,
    Optional<String> applicationProtocol,
    Optional<String> serverName,
    List<X509Certificate> peerCertificates) {

  /**
   * Reads it off an engine whose handshake is complete.
   *
   * @param engine after its handshake
   * @return what was agreed on
   */
  public static TlsSession of(SSLEngine engine) {
    SSLSession session = engine.getSession();
    String applicationProtocol = engine.getApplicationProtocol();
    return new TlsSession(
        session.getProtocol(),
        session.getCipherSuite(),
        Optional.ofNullable(applicationProtocol).filter(name -> !name.isEmpty()),
        serverName(session),
        peerCertificates(session));
  }

  private static Optional<String> serverName(SSLSession session) {
    return session instanceof ExtendedSSLSession extended
        ? extended.getRequestedServerNames().stream()
            .filter(SNIHostName.class::isInstance)
            .map(name -> ((SNIHostName) name).getAsciiName())
            .findFirst()
        : Optional.empty();
  }

  private static List<X509Certificate> peerCertificates(SSLSession session) {
    try {
      return Stream.of(session.getPeerCertificates()).map(X509Certificate.class::cast).toList();
    } catch (SSLPeerUnverifiedException e) {
      return List.of();
    }
  }

  /**
   * Returns who the peer is, as its certificate says and the authority that we trust has vouched
   * for.
   *
   * @return the subject of the peer's certificate, if it has shown one
   */
  public Optional<X500Principal> peer() {
    return peerCertificates.stream().findFirst().map(X509Certificate::getSubjectX500Principal);
  }

  /**
   * Returns all but the certificates, of which each would fill a page; {@link #peer()} instead. It
   * is one line, whatever names the peer has.
   */
  @Override
  public String toString() {
    var text = new StringBuilder(protocol + " " + cipherSuite);
    applicationProtocol.ifPresent(name -> text.append(", ALPN ").append(name));
    serverName.ifPresent(name -> text.append(", SNI ").append(name));
    peer().ifPresent(peer -> text.append(", peer ").append(peer));
    return OneLine.of(text.toString());
  }
}
