// TcpProxy: every connection goes on to another server.   samples/run TcpProxy TARGET [PORT | ...]
import io.plainweave.*;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.time.Duration;

void main(String... args) {
  Server.serve(args, List.of("TARGET_HOST:PORT"), Listen.tcp(7002), this::proxy);
}

ServerBuilder proxy(List<String> arguments, Listen listen) {
  var target = Connector.parse(arguments.getFirst());
  return Server.builder()
      .listen(listen)
      .timeLimits(TimeLimits.DEFAULT.firstByte(Duration.ZERO).idle(Duration.ofHours(1)))
      .handler(connection -> {
        try (Connection upstream = target.connect()) {
          Relay.between(connection, upstream);
        }
      });
}
