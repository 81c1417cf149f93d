package io.plainweave;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.plainweave.tls.CertificateAuthority;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * What a test needs to have a server on localhost that speaks TLS, and clients of it.
 *
 * @param authority has issued the server's certificate
 * @param identity of the server, for localhost and 127.0.0.1
 */
public record TlsServer(CertificateAuthority authority, Identity identity) {
  public static TlsServer in(Path folder) throws Exception {
    CertificateAuthority authority = CertificateAuthority.in(folder, "authority");
    return new TlsServer(authority, authority.issue("server", "DNS:localhost", "IP:127.0.0.1"));
  }

  public ServerTls tls() throws IOException {
    return ServerTls.builder().identity(identity).build();
  }

  /** A client that trusts the server. */
  public ClientTls clientTls() throws IOException {
    return ClientTls.builder().trust(authority.certificate()).build();
  }

  public Listen.Tcp listen() throws IOException {
    return Listen.tcp("127.0.0.1", 0).tls(tls());
  }

  /** Connects with the JDK's own client, which speaks one version. */
  public SSLSocket connect(Server server, String protocol) throws Exception {
    return connect(new Socket(InetAddress.getLoopbackAddress(), server.port()), protocol);
  }

  /** Speaks TLS over a socket; closing the result closes it. */
  public SSLSocket connect(Socket socket, String protocol) throws Exception {
    socket.setSoTimeout(10_000);
    SSLSocket secured =
        (SSLSocket)
            context().getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setProtocols(new String[] {protocol});
    parameters.setServerNames(List.of(new SNIHostName("localhost")));
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    return secured;
  }

  private SSLContext context() throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (var file = Files.newInputStream(authority.certificate())) {
      trusted.setCertificateEntry(
          "authority", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  // For its clients

  static void send(SSLSocket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(US_ASCII));
  }

  static String receive(SSLSocket client, int length) throws IOException {
    return new String(client.getInputStream().readNBytes(length), US_ASCII);
  }

  static String receiveAll(SSLSocket client) throws IOException {
    return new String(client.getInputStream().readAllBytes(), US_ASCII);
  }
}
