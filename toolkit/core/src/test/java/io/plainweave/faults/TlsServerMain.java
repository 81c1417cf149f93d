package io.plainweave.faults;

import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.nio.file.Path;

/** An echo server by TLS in a JVM of its own, which ends with its input. */
final class TlsServerMain {
  private TlsServerMain() {}

  /**
   * Runs it, and prints its port.
   *
   * @param args the certificate and its key
   */
  public static void main(String... args) throws Exception {
    ServerTls tls =
        ServerTls.builder().identity(Identity.pem(Path.of(args[0]), Path.of(args[1]))).build();
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0).tls(tls))
            .handler(connection -> connection.input().transferTo(connection.output()))
            .start()) {
      System.out.println(server.port());
      System.in.read();
    }
  }
}
