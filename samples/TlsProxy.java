// TlsProxy: TLS in front, plain TCP behind, where a PROXY header tells who the client is.
//   samples/run TlsProxy CERTIFICATE_AND_KEY.pem TARGET_HOST:PORT [PORT | ...]
import io.plainweave.*;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.tls.*;
import java.time.Duration;

void main(String... args) {
  Server.serve(
      args, List.of("CERTIFICATE_AND_KEY.pem", "TARGET_HOST:PORT"), Listen.tcp(7443), this::proxy);
}

ServerBuilder proxy(List<String> arguments, Listen listen) throws IOException {
  var pem = Path.of(arguments.get(0));
  var target = Connector.parse(arguments.get(1));
  var tls = ServerTls.builder().identity(Identity.pem(pem, pem)).build();
  return Server.builder()
      .listen(listen.tls(tls))
      .timeLimits(TimeLimits.DEFAULT.firstByte(Duration.ZERO).idle(Duration.ofHours(1)))
      .handler(connection -> {
        Connector proxied = target.proxyHeader(Relay.headerFor(connection));
        try (Connection upstream = proxied.connect()) {
          Relay.between(connection, upstream);
        }
      });
}
