package io.plainweave.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A private key and the certificates that vouch for it, the one of the key first.
 *
 * @param names the DNS names that the certificate is for, in lower case; one may begin with {@code
 *     *.}
 */
record Credentials(PrivateKey key, List<X509Certificate> chain, Set<String> names) {
  /** The kind of a subject alternative name that is a DNS name (RFC 5280, section 4.2.1.6). */
  private static final Integer DNS_NAME = 2;

  static Credentials of(PrivateKey key, List<X509Certificate> chain, Identity origin)
      throws IOException {
    X509Certificate first = chain.getFirst();
    if (!belongs(key, first, origin)) {
      throw new IOException("the private key does not belong to the certificate: " + origin);
    }
    return new Credentials(key, List.copyOf(chain), names(first, origin));
  }

  private static boolean belongs(PrivateKey key, X509Certificate certificate, Identity origin)
      throws IOException {
    String algorithm = signatureOf(key);
    if (algorithm == null) {
      // A kind of key that we cannot try out without parameters: the handshake will tell.
      return true;
    }
    byte[] sample = {1, 2, 3};
    byte[] signature;
    try {
      Signature signing = Signature.getInstance(algorithm);
      signing.initSign(key);
      signing.update(sample);
      signature = signing.sign();
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "the private key does not belong to the certificate, or the JDK cannot use it: %s: %s"
              .formatted(origin, e.getMessage()),
          e);
    }
    try {
      Signature verifying = Signature.getInstance(algorithm);
      verifying.initVerify(certificate.getPublicKey());
      verifying.update(sample);
      return verifying.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static @Nullable String signatureOf(PrivateKey key) {
    return switch (key.getAlgorithm()) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      case "EdDSA" -> "EdDSA";
      default -> null;
    };
  }

  private static Set<String> names(X509Certificate certificate, Identity origin)
      throws IOException {
    try {
      Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
      return alternatives == null
          ? Set.of()
          : alternatives.stream()
              .filter(name -> name.getFirst().equals(DNS_NAME))
              .map(name -> ((String) name.get(1)).toLowerCase(Locale.ROOT))
              .collect(Collectors.toUnmodifiableSet());
    } catch (CertificateParsingException e) {
      throw new IOException("cannot use " + origin + ": " + e.getMessage(), e);
    }
  }

  /**
   * Whether the certificate is for this name: it has the very name, or one with {@code *} in place
   * of the first label (RFC 9525, section 6.3).
   */
  boolean isFor(String name) {
    int dot = name.indexOf('.');
    return names.contains(name) || (dot > 0 && names.contains("*" + name.substring(dot)));
  }

  /** Names the subject only: keys are for no log. */
  @Override
  public String toString() {
    return chain.getFirst().getSubjectX500Principal().toString();
  }
}
