package io.plainweave.loadtests.scenario;

import io.plainweave.Listen;
import io.plainweave.loadtests.control.Control;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import io.plainweave.server.Server;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalLong;

/** A server of a run that resets its connections where it should drain. */
final class AbruptServer {
  private AbruptServer() {}

  public static void main(String[] args) throws Exception {
    int port =
        Arrays.stream(args)
            .filter(it -> it.startsWith("--port="))
            .mapToInt(it -> Integer.parseInt(it.substring("--port=".length())))
            .findFirst()
            .orElseThrow();
    try (Control control = Control.open(() -> {});
        Server server =
            Server.builder()
                .listen(Listen.tcp(port).reusePort(true))
                .handler(connection -> connection.input().transferTo(connection.output()))
                .start()) {
      control.tell(new Notice.Listening(server.port()));
      while (true) {
        switch (control.await()) {
          case Order.Measure() -> control.tell(new Notice.Memory(0, 0, OptionalLong.empty()));
          case Order.Count() -> control.tell(new Notice.Count(server.connections(), Map.of()));
          default -> {
            server.shutdownNow();
            control.tell(new Notice.Drained(true, Duration.ZERO, 0));
          }
        }
      }
    }
  }
}
