package io.plainweave.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who one side of a connection is: where its certificate and its private key are kept. The files
 * are read when a {@link ServerTls} or {@link ClientTls} is made of it, and at each reload.
 */
public abstract sealed class Identity {

  private Identity() {}

  /**
   * Describes an identity in PEM files, as certificate authorities hand them out.
   *
   * @param chain the certificate, followed by those of the authorities between it and the root
   * @param key the private key in PKCS#8 ({@code BEGIN PRIVATE KEY}), PKCS#1 ({@code BEGIN RSA
   *     PRIVATE KEY}) or SEC1 ({@code BEGIN EC PRIVATE KEY}); may be the same file
   * @return the description
   */
  public static Identity pem(Path chain, Path key) {
    return new Pem(chain, key, null);
  }

  /**
   * Describes an identity in PEM files, of which the one with the key is encrypted.
   *
   * @param chain the certificate, followed by those of the authorities between it and the root
   * @param key the private key in PKCS#8 ({@code BEGIN ENCRYPTED PRIVATE KEY})
   * @param password of the private key
   * @return the description
   */
  public static Identity pem(Path chain, Path key, char[] password) {
    return new Pem(chain, key, password.clone());
  }

  /**
   * Describes an identity in a PKCS#12 file, with one private key and its certificates.
   *
   * @param file the file, as a rule {@code .p12} or {@code .pfx}
   * @param password of the file and of the key in it
   * @return the description
   */
  public static Identity pkcs12(Path file, char[] password) {
    return new Pkcs12(file, password.clone());
  }

  /**
   * Reads the files.
   *
   * @throws IOException if they cannot be read or do not fit each other; the message says which
   */
  abstract Credentials read() throws IOException;

  private static final class Pem extends Identity {
    private final Path chain;
    private final Path key;
    private final char @Nullable [] password;

    Pem(Path chain, Path key, char @Nullable [] password) {
      this.chain = Objects.requireNonNull(chain, "chain");
      this.key = Objects.requireNonNull(key, "key");
      this.password = password;
    }

    @Override
    Credentials read() throws IOException {
      List<X509Certificate> certificates = PemFile.read(chain).certificates();
      PrivateKey privateKey =
          PemFile.read(key).privateKey(certificates.getFirst().getPublicKey(), password);
      return Credentials.of(privateKey, certificates, this);
    }

    @Override
    public String toString() {
      return chain.equals(key) ? chain.toString() : chain + " with " + key;
    }
  }

  private static final class Pkcs12 extends Identity {
    private final Path file;
    private final char[] password;

    Pkcs12(Path file, char[] password) {
      this.file = Objects.requireNonNull(file, "file");
      this.password = password;
    }

    @Override
    Credentials read() throws IOException {
      byte[] content = PemFile.bytes(file);
      try {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new ByteArrayInputStream(content), password);
        return Credentials.of(privateKey(store), chain(store), this);
      } catch (IOException e) {
        throw e.getCause() instanceof GeneralSecurityException
            ? new IOException("the password does not open " + file, e)
            : new IOException("cannot use " + file + ": " + e.getMessage(), e);
      } catch (GeneralSecurityException e) {
        throw new IOException("cannot use " + file + ": " + e.getMessage(), e);
      }
    }

    private PrivateKey privateKey(KeyStore store) throws GeneralSecurityException {
      return (PrivateKey) store.getKey(keyAlias(store), password);
    }

    private List<X509Certificate> chain(KeyStore store) throws GeneralSecurityException {
      Certificate[] certificates = store.getCertificateChain(keyAlias(store));
      if (certificates == null) {
        throw new GeneralSecurityException("its private key has no certificate");
      }
      return Stream.of(certificates).map(X509Certificate.class::cast).toList();
    }

    private static String keyAlias(KeyStore store) throws GeneralSecurityException {
      List<String> keys = new ArrayList<>();
      for (String alias : Collections.list(store.aliases())) {
        boolean isSecret = store.entryInstanceOf(alias, KeyStore.SecretKeyEntry.class);
        if (store.isKeyEntry(alias) && !isSecret) {
          keys.add(alias);
        }
      }
      if (keys.size() != 1) {
        throw new GeneralSecurityException("it holds " + keys.size() + " private keys, not one");
      }
      return keys.getFirst();
    }

    @Override
    public String toString() {
      return file.toString();
    }
  }
}
