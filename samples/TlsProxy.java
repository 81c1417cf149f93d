// TlsProxy: TLS in front, plain TCP behind, where a PROXY header tells who the client is.
//   samples/run TlsProxy CERTIFICATE_AND_KEY.pem TARGET_HOST:PORT [PORT | HOST:PORT | [IPv6]:PORT]
import io.plainweave.*;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.tls.*;
import java.time.Duration;

static final String USAGE =
    "usage: CERTIFICATE_AND_KEY.pem TARGET_HOST:PORT [PORT | HOST:PORT | [IPv6]:PORT]"
        + "   where to listen; without it, *:7443";

void main(String... args) throws InterruptedException {
  if (List.of(args).equals(List.of("--help"))) {
    IO.println(USAGE);
    return;
  }
  try {
    Server.serve(proxy(args));
  } catch (IllegalArgumentException e) {
    System.err.println(e.getMessage() + "\n" + USAGE);
    System.exit(2);
  } catch (IOException | IllegalStateException e) {
    System.err.println(e.getMessage());
    System.exit(1);
  }
}

ServerBuilder proxy(String... args) throws IOException {
  if (args.length < 2 || args.length > 3) {
    throw new IllegalArgumentException("it takes two or three arguments: " + List.of(args));
  }
  Path pem = Path.of(args[0]);
  Connector target = Connector.parse(args[1]);
  Listen.Tcp listen = args.length == 3 ? Listen.parse(args[2]) : Listen.tcp(7443);
  ServerTls tls = ServerTls.builder().identity(Identity.pem(pem, pem)).build();
  return Server.builder()
      .listen(listen.tls(tls))
      .timeLimits(TimeLimits.DEFAULT.firstByte(Duration.ZERO).idle(Duration.ofHours(1)))
      .handler(connection -> {
        Connector proxied = target.proxyHeader(ProxyProtocol.headerFor(connection));
        try (Connection upstream = proxied.connect()) {
          Relay.between(connection, upstream);
        }
      });
}
