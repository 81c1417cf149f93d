package io.plainweave.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A file in PEM (RFC 7468): blocks in Base64 between lines that say what they are, with any text
 * around them. In older files, headers may come first in a block (RFC 1421, section 4.6).
 */
final class PemFile {
  private static final String DASHES = "-----";
  private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----");
  private static final Pattern HEADER = Pattern.compile("\\R[A-Za-z0-9-]+:.*");

  /** What is between the lines: headers, as a rule none, and Base64. */
  private record Block(String label, String headers, String text) {}

  private final Path path;
  private final List<Block> blocks;

  private PemFile(Path path, List<Block> blocks) {
    this.path = path;
    this.blocks = blocks;
  }

  static PemFile read(Path path) throws IOException {
    String text = new String(bytes(path), StandardCharsets.ISO_8859_1);
    List<Block> blocks = new ArrayList<>();
    for (Matcher begin = BEGIN.matcher(text); begin.find(); ) {
      String label = begin.group(1);
      int behind = endOfHeaders(text, begin.end());
      int end = text.indexOf('-', behind);
      if (end >= 0 && text.startsWith(DASHES + "END " + label + DASHES, end)) {
        String headers = text.substring(begin.end(), behind);
        blocks.add(new Block(label, headers, text.substring(behind, end).strip()));
      }
    }
    return new PemFile(path, blocks);
  }

  /** Not by one expression: the JDK matches its repetitions by recursion, and there may be many. */
  private static int endOfHeaders(String text, int begin) {
    Matcher header = HEADER.matcher(text);
    int end = begin;
    while (header.region(end, text.length()).lookingAt()) {
      end = header.end();
    }
    return end;
  }

  /** Reads a file as a whole, and says in a sentence if that fails. */
  static byte[] bytes(Path path) throws IOException {
    try {
      return Files.readAllBytes(path);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no file " + path, e);
    } catch (IOException e) {
      throw new IOException("cannot read " + path + ": " + e, e);
    }
  }

  /** Returns the certificates in their order, at least one. */
  List<X509Certificate> certificates() throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Block block : blocks) {
        if (block.label.equals("CERTIFICATE")) {
          var content = new ByteArrayInputStream(decode(block));
          certificates.add((X509Certificate) factory.generateCertificate(content));
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("a certificate in " + path + " is damaged: " + e.getMessage(), e);
    }
    if (certificates.isEmpty()) {
      throw new IOException("there is no certificate in " + path + found());
    }
    return certificates;
  }

  /**
   * Returns the only private key.
   *
   * @param publicKey its other half, which knows what kind of key it is
   */
  PrivateKey privateKey(PublicKey publicKey, char @Nullable [] password) throws IOException {
    List<Block> keys =
        blocks.stream().filter(block -> block.label.endsWith("PRIVATE KEY")).toList();
    if (keys.size() != 1) {
      throw new IOException(
          "there must be one private key in " + path + ", not " + keys.size() + found());
    }
    Block key = keys.getFirst();
    PKCS8EncodedKeySpec encoded = encoded(key, publicKey, password);
    try {
      return KeyFactory.getInstance(publicKey.getAlgorithm()).generatePrivate(encoded);
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "the private key in %s does not fit the %s key of the certificate, or is damaged"
              .formatted(path, publicKey.getAlgorithm()),
          e);
    }
  }

  private PKCS8EncodedKeySpec encoded(Block key, PublicKey publicKey, char @Nullable [] password)
      throws IOException {
    if (key.headers.contains("ENCRYPTED")) {
      // By a hash that one round of MD5 makes of the password.
      throw new IOException(
          "the %s in %s is encrypted in a way of old, which is weak; encrypt it as PKCS#8: openssl pkcs8 -topk8 -in %s -out NEW"
              .formatted(key.label, path, path));
    }
    return switch (key.label) {
      case "PRIVATE KEY" -> new PKCS8EncodedKeySpec(decode(key));
      case "ENCRYPTED PRIVATE KEY" -> decrypt(decode(key), password);
      case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> Pkcs8.wrap(decode(key), publicKey);
      default ->
          throw new IOException(
              "the %s in %s is in neither PKCS#8, PKCS#1 nor SEC1".formatted(key.label, path));
    };
  }

  private PKCS8EncodedKeySpec decrypt(byte[] content, char @Nullable [] password)
      throws IOException {
    if (password == null) {
      throw new IOException("the private key in " + path + " is encrypted: give its password");
    }
    EncryptedPrivateKeyInfo encrypted = encrypted(content);
    AlgorithmParameters parameters = encrypted.getAlgParameters();
    if (parameters == null) {
      throw new IOException(
          "the private key in %s is encrypted in a way that the JDK does not have: %s"
              .formatted(path, encrypted.getAlgName()));
    }
    var secret = new PBEKeySpec(password);
    try {
      // Of PBES2 (RFC 8018), the parameters know the whole name, the algorithm does not.
      String scheme = parameters.toString();
      String algorithm = scheme.startsWith("PBE") ? scheme : encrypted.getAlgName();
      SecretKey key = SecretKeyFactory.getInstance(algorithm).generateSecret(secret);
      Cipher cipher = Cipher.getInstance(algorithm);
      cipher.init(Cipher.DECRYPT_MODE, key, parameters);
      return encrypted.getKeySpec(cipher);
    } catch (GeneralSecurityException e) {
      throw new IOException("the password does not open the private key in " + path, e);
    } finally {
      secret.clearPassword();
    }
  }

  private EncryptedPrivateKeyInfo encrypted(byte[] content) throws IOException {
    try {
      return new EncryptedPrivateKeyInfo(content);
    } catch (IOException e) {
      throw new IOException("the encrypted private key in " + path + " is damaged", e);
    }
  }

  private byte[] decode(Block block) throws IOException {
    try {
      return Base64.getMimeDecoder().decode(block.text);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "the " + block.label + " in " + path + " is damaged: " + e.getMessage(), e);
    }
  }

  private String found() {
    return blocks.isEmpty()
        ? ": it has no PEM block"
        : ": it has " + String.join(", ", blocks.stream().map(Block::label).toList());
  }
}
