package io.plainweave.testing;

import io.plainweave.tls.ClientTls;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A connection")
class ConnectionConformanceTest {
  @Nested
  @DisplayName("in memory")
  class InMemory extends ConnectionConformance {
    @Override
    protected TestServerBuilder server() {
      return TestServer.inMemory();
    }
  }

  @Nested
  @DisplayName("by TCP")
  class ByTcp extends ConnectionConformance {
    @Override
    protected TestServerBuilder server() {
      return TestServer.onTcp();
    }
  }

  @Nested
  @DisplayName("by a Unix-domain socket")
  class ByUnixSocket extends ConnectionConformance {
    @Override
    protected TestServerBuilder server() {
      return TestServer.onUnixSocket();
    }

    @Override
    protected boolean resetsAreSeen() {
      return false;
    }
  }

  /** TLS over one of them; the certificate is made once. */
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  abstract static class ByTls extends ConnectionConformance {
    private ServerTls server;
    private ClientTls client;

    @BeforeAll
    void makeCertificate(@TempDir Path folder) throws Exception {
      Path certificate = folder.resolve("cert.pem");
      Path key = folder.resolve("key.pem");
      Openssl.run(
          "req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=localhost"
              + " -addext subjectAltName=DNS:localhost -keyout %s -out %s"
                  .formatted(key, certificate));
      server = ServerTls.builder().identity(Identity.pem(certificate, key)).build();
      client = ClientTls.builder().trust(certificate).build();
    }

    abstract TestServerBuilder plain();

    @Override
    protected TestServerBuilder server() {
      return plain().tls(server, client);
    }
  }

  @Nested
  @DisplayName("by TLS over TCP")
  class ByTlsOverTcp extends ByTls {
    @Override
    TestServerBuilder plain() {
      return TestServer.onTcp();
    }
  }

  @Nested
  @DisplayName("by TLS in memory")
  class ByTlsInMemory extends ByTls {
    @Override
    TestServerBuilder plain() {
      return TestServer.inMemory();
    }
  }

  @Nested
  @DisplayName("in memory, in pieces chosen by chance")
  class InPieces extends ConnectionConformance {
    @Override
    protected TestServerBuilder server() {
      return TestServer.inMemory().link(Link.PLAIN.choppedByChance(2_000, 42));
    }
  }

  @Nested
  @DisplayName("in memory, with little room")
  class WithLittleRoom extends ConnectionConformance {
    @Override
    protected TestServerBuilder server() {
      return TestServer.inMemory().link(Link.PLAIN.bufferBytes(10_000));
    }
  }
}
