// TcpProxy: every connection goes on to another server.   samples/run TcpProxy TARGET [PORT | ...]
import io.plainweave.*;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.server.Server;
import java.time.Duration;

void main(String... args) {
  Server.serve(
      args,
      "TARGET_HOST:PORT",
      Connector::parse,
      Listen.tcp(7002),
      target ->
          Server.builder()
              .timeLimits(TimeLimits.DEFAULT.firstByte(Duration.ZERO).idle(Duration.ofHours(1)))
              .handler(connection -> {
                try (Connection upstream = target.connect()) {
                  Relay.between(connection, upstream);
                }
              }));
}
