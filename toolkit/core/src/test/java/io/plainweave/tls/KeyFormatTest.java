package io.plainweave.tls;

import static io.plainweave.tls.CertificateAuthority.openssl;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.faults.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys as openssl writes them, which are those of cert-manager and of many other programs. */
@DisplayName("A private key")
@Timeout(60)
class KeyFormatTest {
  private static final String P256 = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";

  @TempDir private Path folder;
  private Path chain;
  private Path key;

  @BeforeEach
  void nameFiles() {
    Machine.needs("openssl");
    chain = folder.resolve("tls.crt");
    key = folder.resolve("tls.key");
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  /** Makes a certificate, and its key in PKCS#8. */
  private Path make(String kind) throws Exception {
    Path pkcs8 = file("pkcs8.key");
    openssl(
        "req -x509 -nodes -days 3 -subj /CN=server -addext subjectAltName=DNS:a.example -keyout %s -out %s "
                .formatted(pkcs8, chain)
            + kind);
    return pkcs8;
  }

  private ServerTls server() throws IOException {
    return ServerTls.builder().identity(Identity.pem(chain, key)).build();
  }

  /** Has a client that trusts the certificate shake hands. */
  private String algorithmShownBy(ServerTls server) throws IOException {
    ClientTls client = ClientTls.builder().trust(chain).build();
    return Handshake.between(client.newEngine("a.example", 443), server.newEngine())
        .client()
        .peerCertificates()
        .getFirst()
        .getPublicKey()
        .getAlgorithm();
  }

  private String refused() {
    return assertThrows(IOException.class, this::server).getMessage();
  }

  private void assertBegins(String label) throws IOException {
    assertTrue(Files.readString(key).contains("-----BEGIN " + label + "-----"));
  }

  @ParameterizedTest
  @CsvSource({"1024", "2048", "3072", "4096"})
  void mayBeInPkcs1(int bits) throws Exception {
    Path pkcs8 = make("-newkey rsa:" + bits);
    openssl("rsa -traditional -in " + pkcs8 + " -out " + key);
    assertBegins("RSA PRIVATE KEY");

    assertEquals("RSA", algorithmShownBy(server()));
  }

  @ParameterizedTest
  @CsvSource({"P-256", "P-384", "P-521"})
  void mayBeInSec1(String curve) throws Exception {
    Path pkcs8 = make("-newkey ec -pkeyopt ec_paramgen_curve:" + curve);
    openssl("ec -in " + pkcs8 + " -out " + key);
    assertBegins("EC PRIVATE KEY");

    assertEquals("EC", algorithmShownBy(server()));
  }

  @Test
  void mayBeInSec1BehindItsParametersAndWithoutItsOtherHalf() throws Exception {
    Path pkcs8 = make(P256);
    Path parameters = file("parameters");
    Path bare = file("bare");
    openssl("ecparam -name prime256v1 -out " + parameters);
    openssl("ec -no_public -in " + pkcs8 + " -out " + bare);
    Files.writeString(key, Files.readString(parameters) + Files.readString(bare));
    assertBegins("EC PARAMETERS");

    assertEquals("EC", algorithmShownBy(server()));
  }

  @Test
  void mayChangeItsFormatAndItsKindWhileTheServerRuns() throws Exception {
    openssl("ec -in " + make(P256) + " -out " + key);
    ServerTls server = server();
    assertEquals("EC", algorithmShownBy(server));

    Path rsa = make("-newkey rsa:2048");
    openssl("rsa -traditional -in " + rsa + " -out " + key);
    server.reload();
    assertEquals("RSA", algorithmShownBy(server));

    Files.copy(make(P256), key, StandardCopyOption.REPLACE_EXISTING);
    server.reload();
    assertEquals("EC", algorithmShownBy(server));
  }

  @ParameterizedTest
  @CsvSource({"rsa -traditional, -newkey rsa:2048, RSA", "ec, " + P256 + ", EC"})
  void isRefusedIfItIsEncryptedInAnOldWay(String command, String kind, String label)
      throws Exception {
    Path pkcs8 = make(kind);
    openssl(command + " -aes256 -passout pass:secret -in " + pkcs8 + " -out " + key);
    String sentence =
        "the %s PRIVATE KEY in %s is encrypted in a way of old, which is weak; encrypt it as PKCS#8: "
                .formatted(label, key)
            + "openssl pkcs8 -topk8 -in "
            + key
            + " -out NEW";

    assertEquals(sentence, refused());
    openssl(
        sentence.substring(sentence.indexOf("pkcs8")).replace("NEW", file("new.key").toString())
            + " -passin pass:secret -passout pass:secret");
    key = file("new.key");
    assertEquals("the private key in " + key + " is encrypted: give its password", refused());
    Identity opened = Identity.pem(chain, key, "secret".toCharArray());
    algorithmShownBy(ServerTls.builder().identity(opened).build());
  }

  @Test
  void isRefusedIfItIsOfAnotherCertificate() throws Exception {
    String other =
        "the private key in %s does not fit the EC key of the certificate, or is damaged"
            .formatted(key);
    openssl("genrsa -traditional -out " + key + " 2048");
    make(P256);
    assertEquals(other, refused());

    openssl("ecparam -genkey -name secp384r1 -out " + key);
    String ofAnotherCurve = refused();
    assertTrue(
        ofAnotherCurve.startsWith("the private key does not belong to the certificate"),
        ofAnotherCurve);

    openssl("ecparam -genkey -name prime256v1 -out " + key);
    assertEquals(
        "the private key does not belong to the certificate: " + chain + " with " + key, refused());
  }

  @Test
  void isRefusedIfItIsOfACurveThatTheJdkDoesNotHave() throws Exception {
    key = make("-newkey ec -pkeyopt ec_paramgen_curve:secp256k1");
    String refused = refused();
    assertTrue(
        refused.startsWith(
            "the private key does not belong to the certificate, or the JDK cannot use it: %s with %s: "
                .formatted(chain, key)),
        refused);
    assertTrue(refused.contains("secp256k1"), refused);
  }

  @Test
  void isRefusedIfItIsDamagedOrOfAFormatThatIsUnknownHere() throws Exception {
    make(P256);
    for (String content : new String[] {"", "MAAA", "AAAA", "MIIB", "BAQAAAAA"}) {
      Files.writeString(
          key, "-----BEGIN EC PRIVATE KEY-----\n" + content + "\n-----END EC PRIVATE KEY-----\n");
      assertEquals(
          "the private key in %s does not fit the EC key of the certificate, or is damaged"
              .formatted(key),
          refused());
    }
    Files.writeString(
        key, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n");
    assertEquals(
        "the OPENSSH PRIVATE KEY in " + key + " is in neither PKCS#8, PKCS#1 nor SEC1", refused());
  }
}
