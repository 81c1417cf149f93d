package io.plainweave.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.plainweave.ConnectionScope;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A server that is traced by OpenTelemetry")
@Timeout(60)
class TracedServerTest {
  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();

  private final SdkTracerProvider provider =
      SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(exporter)).build();

  private final OpenTelemetry telemetry =
      OpenTelemetrySdk.builder().setTracerProvider(provider).build();

  @AfterEach
  void close() {
    provider.close();
  }

  private static void ask(int port, int questions) throws IOException {
    try (var client = new Socket("localhost", port)) {
      client.getOutputStream().write("which?\n".repeat(questions).getBytes(UTF_8));
      client.shutdownOutput();
      var answers = new BufferedReader(new InputStreamReader(client.getInputStream(), UTF_8));
      assertEquals(questions, answers.lines().filter("left and right"::equals).count());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void hasTheSpansOfItsForksBelowThatOfTheirHandler(int eventLoops) throws Exception {
    ServerBuilder builder =
        new TracedServer(telemetry).builder(0).eventLoops(eventLoops).stopOnSignal(false);
    try (Server server = builder.start()) {
      ask(server.port(), 3);
      ask(server.port(), 2);
    }
    Map<String, List<SpanData>> traces =
        exporter.getFinishedSpanItems().stream().collect(groupingBy(SpanData::getTraceId));
    // Nothing of one question is left in the thread when the next one begins.
    assertEquals(5, traces.size());
    for (List<SpanData> trace : traces.values()) {
      Map<String, SpanData> spans = trace.stream().collect(toMap(SpanData::getName, span -> span));
      SpanData question = spans.remove("question");
      assertEquals(SpanId.getInvalid(), question.getParentSpanId());
      // One in the background may be cancelled before it begins.
      assertEquals(List.of("left", "right"), names(spans));
      for (SpanData span : spans.values()) {
        assertEquals(question.getSpanId(), span.getParentSpanId(), span.getName());
      }
    }
  }

  private static List<String> names(Map<String, SpanData> spans) {
    return spans.keySet().stream().filter(name -> !name.equals("progress")).sorted().toList();
  }

  @Test
  void carriesItIntoTheBackgroundAndLeavesTheThreadAsItWas() throws Exception {
    var context = new CompletableFuture<Context>();
    var own = new CompletableFuture<Context>();
    Context marked = Context.root().with(ContextKey.named("mark"), "x");
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("localhost", 0))
                .forkContext(() -> Context.current()::makeCurrent)
                .stopOnSignal(false)
                .handler(connection -> {
                  own.complete(Context.current());
                  try (var _ = marked.makeCurrent();
                      ConnectionScope scope = connection.openScope()) {
                    scope.forkBackground("background", () -> context.complete(Context.current()));
                    context.get();
                    scope.join();
                  }
                })
                .start();
        var client = new Socket("localhost", server.port())) {
      assertEquals(-1, client.getInputStream().read());
      assertSame(marked, context.get(10, TimeUnit.SECONDS));
      assertSame(Context.root(), own.get());
    }
  }
}
