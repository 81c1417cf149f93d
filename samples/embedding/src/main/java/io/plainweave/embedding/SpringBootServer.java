package io.plainweave.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.server.ServerState;
import jakarta.annotation.PreDestroy;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** A server in Spring Boot, whose handlers need a bean. */
@SpringBootApplication
public class SpringBootServer {
  private static final Logger LOG = LoggerFactory.getLogger(SpringBootServer.class);

  /** Starts the application. */
  public static void main(String[] args) {
    SpringApplication.run(SpringBootServer.class, args);
  }

  /** Stands for a pool of database connections, or whatever else must be open for a handler. */
  @Component
  static class Greetings {
    private volatile boolean open = true;

    String to(String name) {
      if (!open) {
        throw new IllegalStateException("closed under the working handler");
      }
      return "hello " + name;
    }

    @PreDestroy
    void close() {
      open = false;
      LOG.info("greetings are closed");
    }
  }

  // shown: begin
  @Component
  static class GreetingServer implements SmartLifecycle {
    private final Greetings greetings;
    private final int port;
    private volatile @Nullable Server server;

    GreetingServer(Greetings greetings, @Value("${greeting.port}") int port) {
      this.greetings = greetings;
      this.port = port;
    }

    @Override
    public void start() { // when all beans are there
      try {
        Server started =
            Server.builder()
                .listen(Listen.tcp("localhost", port))
                .handler(this::handle)
                .stopOnSignal(false) // Spring ends it
                .start();
        LOG.info("listening on {}", started.port());
        server = started;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void stop() { // before any bean goes
      if (server instanceof Server running) {
        running.close();
      }
    }

    @Override
    public boolean isRunning() {
      return server instanceof Server known && known.state() != ServerState.TERMINATED;
    }

    private void handle(Connection connection) throws IOException {
      var lines = Lines.of(connection, 1_000);
      for (String name; (name = lines.read()) != null; ) {
        connection.output().write((greetings.to(name) + "\n").getBytes(UTF_8));
      }
    }
  }
  // shown: end
}
