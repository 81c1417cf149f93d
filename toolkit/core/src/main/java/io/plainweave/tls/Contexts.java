package io.plainweave.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Puts keys and trust into contexts of the JDK. */
final class Contexts {
  private static final char[] NO_PASSWORD = {};

  private Contexts() {}

  /** The versions that we speak; RFC 8996 forbids those before. */
  static String[] protocols() {
    return new String[] {"TLSv1.3", "TLSv1.2"};
  }

  static SSLContext open(@Nullable KeyManager keys, TrustManager[] trust) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys == null ? null : new KeyManager[] {keys}, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw unusable(e);
    }
  }

  /** Trusts the certificates in a file, or those that the system trusts if there is none. */
  static TrustManager[] trust(@Nullable Path authorities) throws IOException {
    try {
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(authorities == null ? null : storeOf(authorities));
      return factory.getTrustManagers();
    } catch (GeneralSecurityException e) {
      throw unusable(e);
    }
  }

  private static KeyStore storeOf(Path authorities) throws IOException, GeneralSecurityException {
    KeyStore store = emptyStore();
    for (X509Certificate certificate : PemFile.read(authorities).certificates()) {
      store.setCertificateEntry(Integer.toString(store.size()), certificate);
    }
    return store;
  }

  static KeyManager keys(Credentials credentials) throws IOException {
    try {
      KeyStore store = emptyStore();
      store.setKeyEntry(
          "0", credentials.key(), NO_PASSWORD, credentials.chain().toArray(X509Certificate[]::new));
      // Not PKIX, which opens the key again for each handshake: 10,000 rounds of a hash.
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, NO_PASSWORD);
      return factory.getKeyManagers()[0];
    } catch (GeneralSecurityException e) {
      throw unusable(e);
    }
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static IOException unusable(GeneralSecurityException cause) {
    return new IOException("the JDK cannot use the keys: " + cause.getMessage(), cause);
  }
}
