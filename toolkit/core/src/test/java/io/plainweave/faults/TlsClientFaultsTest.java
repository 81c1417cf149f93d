package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.tls.CertificateAuthority;
import io.plainweave.tls.ServerTls;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table L: a client of another make")
class TlsClientFaultsTest extends TlsFaults {
  @Test
  void l10WhoseCertificateIsNoGoodIsToldSo() throws Exception {
    CertificateAuthority authority = tls.authority();
    CertificateAuthority strange = CertificateAuthority.in(folder, "strange");
    authority.issueExpired("expired");
    strange.issue("unknown");
    authority.issue("good");
    var strict =
        Listen.tcp("127.0.0.1", 0)
            .tls(
                ServerTls.builder()
                    .identity(tls.identity())
                    .requireClientCertificate(authority.certificate())
                    .build());
    try (Server server = builder(strict, ECHO).start()) {
      for (String subject : List.of("expired", "unknown", "strange")) {
        String told = OpenSsl.talk(server, "-cert", pem(subject), "-key", key(subject));
        assertTrue(told.contains("alert certificate"), () -> subject + ": " + told);
        tlsFailure();
      }
      String none = OpenSsl.talk(server);
      assertTrue(none.contains("alert certificate required"), none);
      assertTrue(tlsFailure().contains("Empty client certificate chain"));
      assertTrue(OpenSsl.talk(server, "-cert", pem("good"), "-key", key("good")).contains("hello"));
    }
  }

  @Test
  void l10WhoShowsALongChainIsTold() throws Exception {
    tls.authority().issue("client");
    Path chain = folder.resolve("long.pem");
    Files.writeString(chain, Files.readString(tls.authority().certificate()).repeat(8));
    var strict =
        Listen.tcp("127.0.0.1", 0)
            .tls(
                ServerTls.builder()
                    .identity(tls.identity())
                    .requireClientCertificate(tls.authority().certificate())
                    .build());
    try (Server server = builder(strict, ECHO).start()) {
      for (String version : List.of("-tls1_2", "-tls1_3")) {
        String told =
            OpenSsl.talk(
                server,
                version,
                "-cert",
                pem("client"),
                "-key",
                key("client"),
                "-cert_chain",
                chain.toString());
        assertTrue(told.contains("alert"), told);
        String failure = tlsFailure();
        assertTrue(failure.contains("chain length (9) exceeds"), failure);
      }
    }
  }

  private static String pem(String subject) {
    return tls.authority().chain(subject).toString();
  }

  private static String key(String subject) {
    return tls.authority().key(subject).toString();
  }

  @ParameterizedTest
  @CsvSource({
    "-tls1_1 -cipher ALL:@SECLEVEL=0, alert protocol version",
    "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256, alert handshake failure"
  })
  void l11WhoSpeaksAnOldDialectIsRefused(String options, String alert) throws Exception {
    try (Server server = start()) {
      String told = OpenSsl.talk(server, options.split(" "));
      assertTrue(told.contains(alert), told);
      tlsFailure();
    }
  }

  @Test
  void l11WhoLooksForWeaknessesFindsTwoVersionsOnly() throws Exception {
    Machine.needs("sslscan");
    try (Server server = start()) {
      String report =
          Machine.run(
              "sslscan",
              "--no-colour",
              "--no-cipher-details",
              "--no-groups",
              "127.0.0.1:" + server.port());
      for (String line :
          List.of(
              "TLSv1.0   disabled",
              "TLSv1.1   disabled",
              "TLSv1.2   enabled",
              "TLSv1.3   enabled",
              "Session renegotiation not supported")) {
        assertTrue(report.contains(line), report);
      }
    }
  }

  /** The JDK looks at the name before anybody else. */
  @ParameterizedTest
  @ValueSource(strings = {"my_host.example", "localhost.", "-a.example", "::1"})
  void l12WhoAsksForANameThatNoHostCanHaveIsTold(String name) throws Exception {
    try (Server server = start()) {
      String told = OpenSsl.talk(server, "-servername", name);
      assertTrue(told.contains("alert illegal parameter"), told);
      String failure = tlsFailure();
      assertTrue(failure.contains("Illegal server name"), failure);
      assertTrue(failure.contains("name=" + name), failure);
    }
  }

  @Test
  void l12WhoAsksForSuchANameIsServedWhereTheJdkIsToldToIgnoreIt() throws Exception {
    List<String> command =
        JavaProgram.command(
            TlsServerMain.class, List.of("-Djdk.tls.server.disableExtensions=server_name"));
    command.addAll(List.of(pem("server"), key("server")));
    Process server =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (BufferedReader output = server.inputReader()) {
      int port = Integer.parseInt(output.readLine());
      for (String name : List.of("my_host.example", "localhost.", "localhost")) {
        String told = OpenSsl.talk(port, "-servername", name);
        assertTrue(told.contains("\nhello"), told);
      }
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  @Test
  void l13WhoSpeaksAnotherProtocolIsTold() throws Exception {
    var h2 =
        Listen.tcp("127.0.0.1", 0)
            .tls(ServerTls.builder().identity(tls.identity()).applicationProtocols("h2").build());
    try (Server server = builder(h2, ECHO).start()) {
      String told = OpenSsl.talk(server, "-alpn", "irc");
      assertTrue(told.contains("alert no application protocol"), told);
      tlsFailure();
      assertTrue(OpenSsl.talk(server, "-alpn", "irc,h2").contains("ALPN protocol: h2"));
    }
  }

  @Test
  void l15WhoHasFinishedStillHasItsReply() throws Exception {
    Machine.needs("python3");
    // Python's unwrap sends close_notify, then waits for the server's: what is read before that is
    // the reply.
    Path script =
        Files.writeString(
            folder.resolve("half_close.py"),
            """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
            def step(action):
                while True:
                    try:
                        result = action()
                        plain.sendall(outgoing.read())
                        return result
                    except ssl.SSLWantReadError:
                        plain.sendall(outgoing.read())
                        received = plain.recv(65536)
                        incoming.write(received) if received else incoming.write_eof()
            step(tls.do_handshake)
            step(lambda: tls.write(b"hello"))
            try:
                tls.unwrap()
            except ssl.SSLWantReadError:
                pass
            plain.sendall(outgoing.read())
            print(step(lambda: tls.read(100)).decode())
            """);
    Handler repliesAtTheEnd =
        connection -> {
          byte[] all = connection.input().readAllBytes();
          connection.output().write(("got " + all.length).getBytes(US_ASCII));
        };
    try (Server server = builder(tls.listen(), repliesAtTheEnd).start()) {
      String reply =
          Machine.run(
              "python3",
              script.toString(),
              Integer.toString(server.port()),
              tls.authority().certificate().toString());
      assertEquals("got 5", reply.strip());
    }
  }

  @Test
  void isReachedByCurl() throws Exception {
    Machine.needs("curl");
    Handler http =
        connection -> {
          Lines lines = Lines.of(connection, 1000);
          for (String line; (line = lines.read()) != null && !line.isEmpty(); ) {
            // The head of a request.
          }
          connection
              .output()
              .write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello".getBytes(US_ASCII));
        };
    try (Server server = builder(tls.listen(), http).start()) {
      assertEquals(
          "hello",
          Machine.run(
              "curl",
              "-sS",
              "--cacert",
              tls.authority().certificate().toString(),
              "https://localhost:" + server.port() + "/"));
      reason(CloseReason.Finished.class);
    }
  }

  /** About a minute, or two where others work as well: {@code -Dtestssl=true}. */
  @Test
  @Timeout(600)
  @EnabledIfSystemProperty(named = "testssl", matches = "true")
  void l11WhoLooksForWeaknessesThoroughlyFindsNone() throws Exception {
    Machine.needs("testssl");
    try (Server server = start()) {
      Process testssl =
          new ProcessBuilder(
                  "testssl",
                  "--quiet",
                  "--color",
                  "0",
                  "--warnings",
                  "batch",
                  "-p",
                  "-U",
                  "-S",
                  "127.0.0.1:" + server.port())
              .redirectErrorStream(true)
              .start();
      String report = new String(testssl.getInputStream().readAllBytes(), ISO_8859_1);
      List<String> faults =
          report
              .lines()
              .filter(line -> line.contains("NOT ok"))
              .filter(line -> !line.contains("Chain of trust"))
              .filter(line -> !line.contains("neither CRL nor OCSP URI"))
              .toList();
      assertTrue(report.contains("TLS 1.3    offered (OK)"), report);
      assertEquals(List.of(), faults);
    }
  }
}
