package io.plainweave.proxyprotocol;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * What a proxy says of the TLS connection between the client and itself (section 2.2.6 of the
 * specification).
 *
 * @param client flags: {@link #CLIENT_SSL}, {@link #CLIENT_CERT_CONN}, {@link #CLIENT_CERT_SESS}
 * @param verify zero if the client's certificate was verified or there was none, otherwise the
 *     proxy's code for what was wrong
 * @param tlvs the details, of the types {@code Tlv.SSL_…}
 */
public record ProxiedTls(int client, int verify, List<Tlv> tlvs) {
  /** The client has connected over TLS. */
  public static final int CLIENT_SSL = 0x01;

  /** The client has shown a certificate in this connection. */
  public static final int CLIENT_CERT_CONN = 0x02;

  /** The client has shown a certificate in the TLS session, perhaps in a connection before. */
  public static final int CLIENT_CERT_SESS = 0x04;

  /** The flags and the result of the verification. */
  private static final int PREFIX = 5;

  /** Checks the range of the flags. */
  public ProxiedTls {
    if (client < 0 || client > 0xFF) {
      throw new IllegalArgumentException("the flags of the client are from 0 to 255: " + client);
    }
    tlvs = List.copyOf(tlvs);
  }

  /**
   * Reads it from the value of its TLV.
   *
   * @throws IllegalArgumentException if it is none
   */
  static ProxiedTls of(Tlv tlv) {
    var from = ByteBuffer.wrap(tlv.value());
    if (from.remaining() < PREFIX) {
      throw new IllegalArgumentException(
          "the TLV about TLS has at least " + PREFIX + " bytes: " + from.remaining());
    }
    return new ProxiedTls(from.get() & 0xFF, from.getInt(), Tlv.readAll(from));
  }

  /**
   * Returns it as a TLV, for a header.
   *
   * @return a TLV of the type {@link Tlv#SSL}
   */
  public Tlv toTlv() {
    var to = ByteBuffer.allocate(PREFIX + Tlv.size(tlvs));
    to.put((byte) client).putInt(verify);
    Tlv.writeAll(tlvs, to);
    return new Tlv(Tlv.SSL, to.array());
  }

  /**
   * Returns whether the client has shown a certificate, in this connection or in its session, and
   * the proxy has found it good.
   *
   * @return true if the client is who its certificate says
   */
  public boolean isClientVerified() {
    return (client & (CLIENT_CERT_CONN | CLIENT_CERT_SESS)) != 0 && verify == 0;
  }

  /**
   * Returns the version of TLS.
   *
   * @return for example {@code TLSv1.3}
   */
  public Optional<String> version() {
    return text(Tlv.SSL_VERSION);
  }

  /**
   * Returns the common name in the client's certificate.
   *
   * @return the name; see {@link #isClientVerified()}
   */
  public Optional<String> commonName() {
    return text(Tlv.SSL_CN);
  }

  /**
   * Returns the cipher suite.
   *
   * @return for example {@code ECDHE-RSA-AES128-GCM-SHA256}
   */
  public Optional<String> cipher() {
    return text(Tlv.SSL_CIPHER);
  }

  /**
   * Returns the algorithm that has signed the proxy's certificate.
   *
   * @return for example {@code RSA-SHA256}
   */
  public Optional<String> signatureAlgorithm() {
    return text(Tlv.SSL_SIG_ALG);
  }

  /**
   * Returns the algorithm of the key of the proxy's certificate.
   *
   * @return for example {@code RSA2048}
   */
  public Optional<String> keyAlgorithm() {
    return text(Tlv.SSL_KEY_ALG);
  }

  private Optional<String> text(int type) {
    return tlvs.stream().filter(tlv -> tlv.type() == type).findFirst().map(Tlv::text);
  }
}
