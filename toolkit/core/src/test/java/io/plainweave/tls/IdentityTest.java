package io.plainweave.tls;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("An identity")
@Timeout(30)
class IdentityTest {
  private static final String PASSWORD = "a-secret-of-the-test";

  @TempDir private static Path folder;
  private static CertificateAuthority authority;
  private static Path chain;
  private static Path key;

  @BeforeAll
  static void makeFiles() throws Exception {
    authority = CertificateAuthority.in(folder, "authority");
    authority.issue("server", "DNS:a.example");
    chain = authority.chain("server");
    key = authority.key("server");
  }

  /** Proves an identity by a handshake with a client that trusts the authority. */
  private static void serve(Identity identity) throws IOException {
    ServerTls server = ServerTls.builder().identity(identity).build();
    ClientTls client = ClientTls.builder().trust(authority.certificate()).build();
    Handshake handshake = Handshake.between(client.newEngine("a.example", 443), server.newEngine());
    assertEquals("CN=server", handshake.client().peer().orElseThrow().getName());
    assertEquals(2, handshake.client().peerCertificates().size());
  }

  private static String failure(Identity identity) {
    IOException failure =
        assertThrows(IOException.class, () -> ServerTls.builder().identity(identity).build());
    var trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    assertFalse((identity + trace.toString()).contains(PASSWORD));
    return failure.getMessage();
  }

  private static Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  @Test
  void isReadFromPem() {
    assertDoesNotThrow(() -> serve(Identity.pem(chain, key)));
  }

  @Test
  void mayStandInOneFileWithTextAroundIt() throws Exception {
    Path both =
        file(
            "both.pem",
            "the key:\n" + Files.readString(key) + "its chain:\r\n" + Files.readString(chain));

    serve(Identity.pem(both, both));
  }

  @Test
  void mayHaveAnEncryptedKey() throws Exception {
    Path encrypted = folder.resolve("encrypted.key");
    CertificateAuthority.openssl(
        "pkcs8 -topk8 -in " + key + " -out " + encrypted + " -passout pass:" + PASSWORD);

    serve(Identity.pem(chain, encrypted, PASSWORD.toCharArray()));

    assertEquals(
        "the private key in " + encrypted + " is encrypted: give its password",
        failure(Identity.pem(chain, encrypted)));
    assertEquals(
        "the password does not open the private key in " + encrypted,
        failure(Identity.pem(chain, encrypted, "wrong".toCharArray())));
  }

  @Test
  void isReadFromPkcs12() throws Exception {
    Path file = folder.resolve("server.p12");
    CertificateAuthority.openssl(
        "pkcs12 -export -in %s -inkey %s -out %s -passout pass:%s"
            .formatted(chain, key, file, PASSWORD));

    serve(Identity.pkcs12(file, PASSWORD.toCharArray()));

    assertEquals(
        "the password does not open " + file,
        failure(Identity.pkcs12(file, "wrong".toCharArray())));
  }

  @Test
  void isRefusedFromPkcs12WithoutAKey() throws Exception {
    Path file = folder.resolve("keyless.p12");
    CertificateAuthority.openssl(
        "pkcs12 -export -nokeys -in %s -out %s -passout pass:%s".formatted(chain, file, PASSWORD));

    assertEquals(
        "cannot use " + file + ": it holds 0 private keys, not one",
        failure(Identity.pkcs12(file, PASSWORD.toCharArray())));
  }

  @Test
  void isRefusedFromPkcs12IfItsKeyIsSecretOrHasNoCertificate() throws Exception {
    Path bare = folder.resolve("bare.p12");
    CertificateAuthority.openssl(
        "pkcs12 -export -nocerts -inkey %s -out %s -passout pass:%s"
            .formatted(key, bare, PASSWORD));
    Path secret = folder.resolve("secret.p12");
    char[] password = PASSWORD.toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, password);
    store.setKeyEntry("one", new SecretKeySpec(new byte[16], "AES"), password, null);
    try (OutputStream out = Files.newOutputStream(secret)) {
      store.store(out, password);
    }

    assertEquals(
        "cannot use " + bare + ": its private key has no certificate",
        failure(Identity.pkcs12(bare, password)));
    assertEquals(
        "cannot use " + secret + ": it holds 0 private keys, not one",
        failure(Identity.pkcs12(secret, password)));
  }

  @Test
  void isRefusedIfTheKeyIsEncryptedInAWayThatIsNotKnown() throws Exception {
    // The name of an algorithm, without its parameters, and four bytes.
    byte[] content = {0x30, 12, 0x30, 4, 0x06, 2, 0x2A, 3, 0x04, 4, 1, 2, 3, 4};
    Path unknown =
        file(
            "unknown.key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                + Base64.getEncoder().encodeToString(content)
                + "\n-----END ENCRYPTED PRIVATE KEY-----\n");

    assertEquals(
        "the private key in "
            + unknown
            + " is encrypted in a way that the JDK does not have: 1.2.3",
        failure(Identity.pem(chain, unknown, PASSWORD.toCharArray())));
  }

  @Test
  void mayHaveManyHeaders() throws Exception {
    String headers = "Name: value\n".repeat(20_000);
    Path many =
        file(
            "many.pem",
            Files.readString(chain)
                .replace(
                    "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n" + headers));

    assertDoesNotThrow(() -> serve(Identity.pem(many, key)));
  }

  @Test
  void isRefusedIfTheKeyIsOfAnotherCertificate() throws Exception {
    authority.issue("other");
    authority.issue("rsa", "RSA", new String[0]);

    assertEquals(
        "the private key does not belong to the certificate: "
            + chain
            + " with "
            + authority.key("other"),
        failure(Identity.pem(chain, authority.key("other"))));
    assertEquals(
        "the private key in %s does not fit the EC key of the certificate, or is damaged"
            .formatted(authority.key("rsa")),
        failure(Identity.pem(chain, authority.key("rsa"))));
  }

  @Test
  void saysWhatIsMissing() throws Exception {
    Path none = folder.resolve("none.pem");
    Path empty = file("empty.pem", "nothing\n");

    assertEquals("there is no file " + none, failure(Identity.pem(none, key)));
    assertEquals("there is no file " + none, failure(Identity.pkcs12(none, new char[0])));
    assertEquals(
        "there is no certificate in " + empty + ": it has no PEM block",
        failure(Identity.pem(empty, key)));
    assertEquals(
        "there is no certificate in " + key + ": it has PRIVATE KEY",
        failure(Identity.pem(key, key)));
    assertEquals(
        "there must be one private key in %s, not 0: it has CERTIFICATE, CERTIFICATE"
            .formatted(chain),
        failure(Identity.pem(chain, chain)));
  }

  @Test
  void isRefusedIfItIsDamaged() throws Exception {
    Path cut = file("cut.pem", Files.readString(chain).replaceFirst("\n.*\n.*\n", "\n"));
    Path cutKey =
        file(
            "cut.key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    Path garbage = file("garbage.p12", "no PKCS#12");

    assertEquals(
        "the encrypted private key in " + cutKey + " is damaged",
        failure(Identity.pem(chain, cutKey, PASSWORD.toCharArray())));
    assertTrue(
        failure(Identity.pem(cut, key)).startsWith("a certificate in " + cut + " is damaged"));
    assertTrue(
        failure(Identity.pkcs12(garbage, PASSWORD.toCharArray()))
            .startsWith("cannot use " + garbage));
  }
}
