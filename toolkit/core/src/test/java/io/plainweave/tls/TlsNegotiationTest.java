package io.plainweave.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("TLS")
@Timeout(30)
class TlsNegotiationTest {
  @TempDir private static Path folder;
  private static CertificateAuthority authority;
  private static Identity first;
  private static Identity exact;
  private static Identity wildcard;
  private static Identity client;

  @BeforeAll
  static void makeCertificates() throws Exception {
    authority = CertificateAuthority.in(folder, "authority");
    first = authority.issue("first", "DNS:first.example", "IP:127.0.0.1");
    exact = authority.issue("exact", "DNS:mail.example", "DNS:Post.Example");
    wildcard = authority.issue("wildcard", "DNS:*.wild.example");
    client = authority.issue("client");
  }

  private static ServerTls.Builder server() {
    return ServerTls.builder().identity(first).identity(exact).identity(wildcard);
  }

  private static ClientTls.Builder client() {
    return ClientTls.builder().trust(authority.certificate());
  }

  private static Handshake handshake(ClientTls.Builder client, ServerTls.Builder server)
      throws IOException {
    return Handshake.between(
        client.build().newEngine("first.example", 443), server.build().newEngine());
  }

  private static String failure(ClientTls.Builder client, ServerTls.Builder server) {
    return assertThrows(SSLException.class, () -> handshake(client, server)).getMessage();
  }

  /**
   * An engine that asks for a name, or for none if it is empty, and takes any certificate of us.
   */
  private static SSLEngine asking(String name) throws IOException {
    SSLEngine engine = client().build().newEngine("first.example", 443);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("");
    parameters.setServerNames(name.isEmpty() ? List.of() : List.of(new SNIHostName(name)));
    engine.setSSLParameters(parameters);
    return engine;
  }

  private static String shownTo(SSLEngine asking, ServerTls server) throws IOException {
    return Handshake.between(asking, server.newEngine()).client().peer().orElseThrow().getName();
  }

  @ParameterizedTest
  @CsvSource({
    "mail.example, exact",
    "MAIL.example, exact",
    "post.example, exact",
    "a.wild.example, wildcard",
    "b.a.wild.example, first",
    "wild.example, first",
    "unknown.example, first",
    "'', first"
  })
  void showsTheCertificateForTheNameThatIsAskedFor(String asked, String shown) throws Exception {
    assertEquals("CN=" + shown, shownTo(asking(asked), server().build()));
  }

  @Test
  void mayRejectUnknownNames() throws Exception {
    ServerTls server = server().rejectUnknownNames().build();

    assertEquals("CN=exact", shownTo(asking("mail.example"), server));
    assertEquals("CN=first", shownTo(asking(""), server));
    String failure =
        assertThrows(SSLException.class, () -> shownTo(asking("unknown.example"), server))
            .getMessage();
    assertTrue(failure.contains("unrecognized_name"), failure);
  }

  @ParameterizedTest
  @CsvSource({
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, RSA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, EC"
  })
  void showsTheCertificateWhoseKeyTheClientCanVerify(String suite, String keyType)
      throws Exception {
    String[] names = {"DNS:first.example"};
    ServerTls server =
        ServerTls.builder()
            .identity(authority.issue("of-rsa", "RSA", names))
            .identity(authority.issue("of-ec", "EC", names))
            .build();
    SSLEngine client = client().build().newEngine("first.example", 443);
    client.setEnabledProtocols(new String[] {"TLSv1.2"});
    client.setEnabledCipherSuites(new String[] {suite});

    Handshake handshake = Handshake.between(client, server.newEngine());

    var shown = handshake.client().peerCertificates().getFirst();
    assertEquals(keyType, shown.getPublicKey().getAlgorithm());
  }

  @Test
  void tellsBothSidesWhatTheyHaveAgreedOn() throws Exception {
    Handshake handshake = handshake(client(), server());

    assertEquals("TLSv1.3", handshake.server().protocol());
    assertEquals("TLS_AES_256_GCM_SHA384", handshake.server().cipherSuite());
    assertEquals(Optional.of("first.example"), handshake.server().serverName());
    assertEquals(Optional.empty(), handshake.server().applicationProtocol());
    assertEquals(Optional.empty(), handshake.server().peer());
    assertEquals("TLSv1.3", handshake.client().protocol());
    assertEquals("CN=first", handshake.client().peer().orElseThrow().getName());
  }

  @Test
  void speaksTheServersFavouriteOfTheProtocolsOfBoth() throws Exception {
    Handshake handshake =
        handshake(
            client().applicationProtocols("http/1.1", "h2"),
            server().applicationProtocols("h2", "http/1.1"));

    assertEquals(Optional.of("h2"), handshake.server().applicationProtocol());
    assertEquals(Optional.of("h2"), handshake.client().applicationProtocol());
  }

  @Test
  void isToldInOneLine() throws Exception {
    Handshake handshake =
        handshake(client().applicationProtocols("h2"), server().applicationProtocols("h2"));

    String both = "TLSv1.3 TLS_AES_256_GCM_SHA384, ALPN h2, SNI first.example";
    assertEquals(both, handshake.server().toString());
    assertEquals(both + ", peer CN=first", handshake.client().toString());
  }

  @Test
  void refusesAClientThatSpeaksNoneOfTheProtocols() throws Exception {
    String failure =
        failure(
            client().applicationProtocols("irc"), server().applicationProtocols("h2", "http/1.1"));

    assertTrue(failure.contains("no_application_protocol"), failure);
  }

  @Test
  void letsInAClientThatDoesNotNegotiateTheProtocol() throws Exception {
    Handshake handshake = handshake(client(), server().applicationProtocols("h2"));

    assertEquals(Optional.empty(), handshake.server().applicationProtocol());
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void knowsTheClientByItsCertificate(String protocol) throws Exception {
    ServerTls server = server().requireClientCertificate(authority.certificate()).build();
    SSLEngine engine = client().identity(client).build().newEngine("first.example", 443);
    engine.setEnabledProtocols(new String[] {protocol});

    Handshake handshake = Handshake.between(engine, server.newEngine());

    assertEquals(protocol, handshake.server().protocol());
    assertEquals("CN=client", handshake.server().peer().orElseThrow().getName());
  }

  @Test
  void refusesAClientWithoutTheCertificateThatIsRequired() {
    String failure = failure(client(), server().requireClientCertificate(authority.certificate()));

    assertTrue(failure.contains("certificate"), failure);
  }

  @Test
  void letsInAClientWithoutTheCertificateThatIsWanted() throws Exception {
    Handshake handshake =
        handshake(client(), server().wantClientCertificate(authority.certificate()));

    assertEquals(Optional.empty(), handshake.server().peer());
  }

  @Test
  void refusesAClientCertificateForWhichNobodyVouches() throws Exception {
    CertificateAuthority strange = CertificateAuthority.in(folder, "strange");
    // The JDK's client shows a certificate only to servers that name its authority: same name.
    CertificateAuthority namesake =
        CertificateAuthority.in(Files.createDirectory(folder.resolve("namesake")), "authority");
    for (Identity identity : List.of(strange.issue("a"), namesake.issue("b"))) {
      String failure =
          failure(
              client().identity(identity),
              server().requireClientCertificate(authority.certificate()));

      assertTrue(failure.contains("certificate"), failure);
    }
  }

  @Test
  void refusesAServerForWhichNobodyVouches() {
    String failure = failure(ClientTls.builder(), server());

    assertTrue(failure.contains("certificate"), failure);
  }

  @Test
  void refusesAServerWithTheCertificateOfAnother() throws Exception {
    SSLEngine engine = client().build().newEngine("other.example", 443);
    SSLEngine server = server().build().newEngine();

    String failure =
        assertThrows(SSLException.class, () -> Handshake.between(engine, server)).getMessage();

    assertTrue(failure.contains("No subject alternative DNS name matching other.example"), failure);
  }

  @Test
  void asksForAnAbsoluteNameWithoutItsDot() throws Exception {
    SSLEngine engine = client().build().newEngine("first.example.", 443);

    Handshake handshake = Handshake.between(engine, server().build().newEngine());

    assertEquals(Optional.of("first.example"), handshake.server().serverName());
  }

  @Test
  void refusesAServerWhoseHostCanBeInNoCertificate() throws Exception {
    SSLEngine engine = client().build().newEngine("my_host", 443);
    SSLEngine server = server().build().newEngine();

    String failure =
        assertThrows(SSLException.class, () -> Handshake.between(engine, server)).getMessage();

    assertTrue(failure.contains("my_host"), failure);
  }

  @Test
  void checksALiteralAddressWithoutAskingForIt() throws Exception {
    Handshake handshake =
        Handshake.between(
            client().build().newEngine("127.0.0.1", 443), server().build().newEngine());

    assertEquals(Optional.empty(), handshake.server().serverName());
    assertEquals("CN=first", handshake.client().peer().orElseThrow().getName());
  }

  @Test
  void mayExpectAnotherNameThanThatOfTheHost() throws Exception {
    ClientTls client = client().serverName("mail.example").build();

    assertEquals("CN=exact", shownTo(client.newEngine("10.0.0.1", 443), server().build()));
    assertEquals("CN=exact", shownTo(client.newEngine(null, 0), server().build()));
  }

  @Test
  void needsANameToExpectWhereThereIsNoHost() throws Exception {
    ClientTls client = client().build();

    assertThrows(IllegalStateException.class, () -> client.newEngine(null, 0));
  }

  @Test
  void needsACertificateForAServer() {
    assertThrows(IllegalStateException.class, () -> ServerTls.builder().build());
  }

  @Test
  void isNothingButTls12And13WithModernCiphers() throws Exception {
    SSLEngine engine = server().build().newEngine();

    assertArrayEquals(new String[] {"TLSv1.3", "TLSv1.2"}, engine.getEnabledProtocols());
    for (String suite : engine.getEnabledCipherSuites()) {
      assertTrue(suite.matches("TLS_(ECDHE_.*_)?(AES.*GCM|CHACHA20)_.*"), suite);
    }
  }

  @Test
  void readsItsFilesAgain() throws Exception {
    authority.issue("new", "DNS:first.example");
    Path chain = folder.resolve("live.pem");
    Path key = folder.resolve("live.key");
    replace("first", chain, key);
    ServerTls server = ServerTls.builder().identity(Identity.pem(chain, key)).build();
    assertEquals("CN=first", shownTo(asking(""), server));

    replace("new", chain, key);
    assertEquals("CN=first", shownTo(asking(""), server));
    server.reload();

    assertEquals("CN=new", shownTo(asking(""), server));
  }

  @Test
  void keepsWhatItHasIfTheNewFilesAreBroken() throws Exception {
    Path chain = folder.resolve("broken.pem");
    Path key = folder.resolve("broken.key");
    replace("first", chain, key);
    ServerTls server = ServerTls.builder().identity(Identity.pem(chain, key)).build();

    Files.copy(authority.chain("exact"), chain, StandardCopyOption.REPLACE_EXISTING);
    IOException failure = assertThrows(IOException.class, server::reload);

    assertTrue(failure.getMessage().contains(chain.toString()), failure.getMessage());
    assertEquals("CN=first", shownTo(asking(""), server));
  }

  private static void replace(String subject, Path chain, Path key) throws IOException {
    Files.copy(authority.chain(subject), chain, StandardCopyOption.REPLACE_EXISTING);
    Files.copy(authority.key(subject), key, StandardCopyOption.REPLACE_EXISTING);
  }
}
