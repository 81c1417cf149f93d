package io.plainweave;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of connections by TLS have in common: certificates, and a server that tells. */
@ExtendWith(ResourceGuard.class)
@Timeout(30)
abstract class TlsTest {
  static final Handler ECHO = connection -> connection.input().transferTo(connection.output());

  @TempDir static Path folder;

  static TlsServer tls;

  final ConnectionEvents events = new ConnectionEvents();

  @BeforeAll
  static void makeCertificates() throws Exception {
    tls = TlsServer.in(folder);
  }

  Server start(Listen listen, Handler handler) throws Exception {
    return Server.builder()
        .listen(listen)
        .handler(handler)
        .observer(events)
        .drainTimeout(Duration.ofSeconds(10))
        .start();
  }

  Server start(Handler handler) throws Exception {
    return start(tls.listen(), handler);
  }
}
