package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.client.Connector;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table L: a server of another make")
class TlsServerFaultsTest extends TlsFaults {
  /** Ours is a client without one. In TLS 1.3 its handshake is complete when the server looks. */
  @ParameterizedTest
  @ValueSource(ints = {5, 20_000_000})
  void l10ThatMissesACertificateIsHeardHoweverMuchIsOnItsWay(int bytes) throws Exception {
    Machine.needs("openssl");
    int port = Ports.unused();
    Process openssl =
        new ProcessBuilder(
                List.of(
                    ("openssl s_server -quiet -tls1_3 -Verify 1 -verify_return_error -accept %d -cert %s -key %s"
                            + " -CAfile %s")
                        .formatted(
                            port,
                            tls.authority().chain("server"),
                            tls.authority().key("server"),
                            tls.authority().certificate())
                        .split(" ")))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      await().ignoreException(ConnectException.class).until(() -> canConnect(port));
      Connector connector = Connector.tcp("localhost", port).tls(tls.clientTls());
      for (int i = 0; i < 3; i++) {
        try (Connection upstream = connector.connect()) {
          SSLException told =
              assertThrows(
                  SSLException.class,
                  () -> {
                    upstream.output().write("x".repeat(bytes).getBytes(US_ASCII));
                    upstream.input().read();
                  });
          assertTrue(told.getMessage().contains("certificate_required"), told::toString);
        }
      }
    } finally {
      openssl.destroyForcibly().waitFor();
    }
  }

  private static boolean canConnect(int port) throws Exception {
    try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return true;
    }
  }
}
