package io.plainweave.embedding;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Listen;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;

/** Answers questions with what two others know, and traces that by OpenTelemetry. */
public final class TracedServer {
  private final Tracer tracer;

  public TracedServer(OpenTelemetry telemetry) {
    this.tracer = telemetry.getTracer("questions");
  }

  // shown: begin
  public ServerBuilder builder(int port) {
    return Server.builder()
        .listen(Listen.tcp("localhost", port))
        .forkContext(() -> Context.current()::makeCurrent)
        .handler(this::handle);
  }

  private void handle(Connection connection) throws Exception {
    var lines = Lines.of(connection, 1_000);
    for (String question; (question = lines.read()) != null; ) {
      Span span = tracer.spanBuilder("question").startSpan();
      try (var _ = span.makeCurrent();
          ConnectionScope scope = connection.openScope()) {
        scope.forkBackground("progress", () -> ask("progress"));
        var left = scope.fork("left", () -> ask("left")); // its span is a child of the question's
        var right = scope.fork("right", () -> ask("right"));
        scope.join();
        lines.write(left.join() + " and " + right.join());
      } finally {
        span.end();
      }
    }
  }

  // shown: end

  /** Stands for a call of another server. */
  private String ask(String who) {
    Span span = tracer.spanBuilder(who).startSpan();
    try (var _ = span.makeCurrent()) {
      return who;
    } finally {
      span.end();
    }
  }
}
