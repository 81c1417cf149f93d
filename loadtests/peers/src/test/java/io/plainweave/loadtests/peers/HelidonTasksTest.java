package io.plainweave.loadtests.peers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Helidon's side of the guide")
@Timeout(60)
class HelidonTasksTest {
  // shown: begin lines
  static WebServer greeter(int port) {
    return WebServer.builder()
        .port(port)
        .protocolsDiscoverServices(false) // no HTTP
        .addConnectionSelector(new GreetsEverybody())
        .build()
        .start();
  }

  static final class GreetsEverybody implements ServerConnectionSelector {
    @Override
    public int bytesToIdentifyConnection() {
      return 0;
    }

    @Override
    public Support supports(BufferData data) {
      return Support.SUPPORTED;
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
      return Set.of();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
      return new Greeting(context);
    }
  }

  static final class Greeting implements ServerConnection {
    private final ConnectionContext context;
    private volatile long active = System.nanoTime();
    private volatile Thread thread;

    Greeting(ConnectionContext context) {
      this.context = context;
    }

    @Override
    public void handle(Limit limit) {
      thread = Thread.currentThread();
      try {
        while (true) {
          String name = context.dataReader().readLine();
          active = System.nanoTime();
          context.dataWriter().writeNow(BufferData.create("hello " + name + "\n"));
        }
      } catch (DataReader.InsufficientDataAvailableException e) {
        // the end of the stream, at whichever place it came
      }
    }

    @Override
    public Duration idleTime() {
      return Duration.ofNanos(System.nanoTime() - active);
    }

    @Override
    public void close(boolean interrupt) {
      if (interrupt && thread instanceof Thread serving) {
        serving.interrupt();
      }
    }
  }

  // shown: end

  @Test
  void isAProtocolInPlaceOfHttp() throws Exception {
    WebServer server = greeter(0);
    try (Socket client = new Socket("localhost", server.port())) {
      client.setSoTimeout(10_000);
      client.getOutputStream().write("Ada\r\n".getBytes(UTF_8));
      assertEquals("hello Ada\n", new String(client.getInputStream().readNBytes(10), UTF_8));
    } finally {
      server.stop();
    }
  }
}
