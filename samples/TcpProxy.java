// TcpProxy: every connection goes on to another server.   samples/run TcpProxy TARGET [PORT | ...]
import io.plainweave.*;

void main(String... args) {
  Server.serve(
      args,
      "TARGET_HOST:PORT",
      Connector::parse,
      Listen.tcp(7002),
      target ->
          connection -> {
            try (Connection upstream = target.connect()) {
              Relay.between(connection, upstream);
            }
          });
}
