package io.plainweave.loadtests.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The loads of requests, against servers that do as they are told. */
@Timeout(30)
final class HttpLoadTest {
  private static final long MILLIS = 200;
  private static final String ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ndate: %s\r\ncontent-length: 13\r\n\r\n"
          + "hello, world\n";

  private final AtomicLong requests = new AtomicLong();

  /** A server that answers each request with what is made of its number, from 0. */
  private ScriptedServer serverOf(LongFunction<String> answer) throws IOException {
    return new ScriptedServer((in, out) -> serve(in, out, answer));
  }

  private void serve(InputStream in, OutputStream out, LongFunction<String> answer)
      throws IOException {
    StringBuilder request = new StringBuilder();
    for (int b; (b = in.read()) >= 0; ) {
      request.append((char) b);
      if (request.indexOf("\r\n\r\n") >= 0) {
        assertTrue(request.toString().startsWith("GET /hello HTTP/1.1\r\nHost: "));
        request.setLength(0);
        out.write(answer.apply(requests.getAndIncrement()).getBytes(US_ASCII));
      }
    }
  }

  /** Another time in every answer, of one length as HTTP has it. */
  private static String answer(long number) {
    return ANSWER.formatted("Mon, 30 Nov %04d 07:08:09 GMT".formatted(number % 10_000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"get-1", "get-20", "pipelined-16x5"})
  void aClosedLoopCountsEveryAnswer(String name) throws Exception {
    try (ScriptedServer server = serverOf(HttpLoadTest::answer)) {
      Work work = Protocol.HTTP.work(name);
      Load load = run(work, server, 0);

      assertTrue(load.messages() > 0, "no message");
      assertEquals(0, load.messages() % work.depth());
      // The one that was asked first, and those in flight when the window closed, are not counted.
      long uncounted = requests.get() - load.messages();
      long most = 1 + (long) work.connections() * work.depth();
      assertTrue(uncounted >= 1 && uncounted <= most, () -> uncounted + " not counted");
    }
  }

  @Test
  void anOpenLoopKeepsItsRate() throws Exception {
    try (ScriptedServer server = serverOf(HttpLoadTest::answer)) {
      Load load = run(Protocol.HTTP.work("open-50x10"), server, 1_000);

      // A thousand a second for a fifth of one; a busy machine may do less.
      assertTrue(
          load.messages() > 0 && load.messages() <= 201, () -> load.messages() + " messages");
    }
  }

  @ParameterizedTest
  @CsvSource({"200 OK, 503 No", "text/plain, text/plaid", "world, w0rld"})
  void anAnswerThatDiffersFromTheFirstOneFailsTheLoad(String right, String wrong) throws Exception {
    try (ScriptedServer server =
        serverOf(number -> number < 50 ? answer(number) : answer(number).replace(right, wrong))) {
      IOException failure =
          assertThrows(IOException.class, () -> run(Protocol.HTTP.work("get-5"), server, 0));
      assertTrue(
          failure.getMessage().matches("received \\d+ wrong bytes after 0"), failure::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "200 OK, 204 OK, no 200 with a Content-Length: 'HTTP/1.1 204 OK | ",
    "length: 13, length: 12, no 200 with a Content-Length: 'HTTP/1.1 200 OK | ",
    "world, earth, no answer with the body 'hello"
  })
  void aFirstAnswerThatIsNotTheRightOneIsShown(String right, String wrong, String message)
      throws Exception {
    try (ScriptedServer server =
        new ScriptedServer((in, out) -> {
          in.readNBytes(20);
          out.write(answer(0).replace(right, wrong).getBytes(US_ASCII));
        })) {
      IOException failure =
          assertThrows(IOException.class, () -> run(Protocol.HTTP.work("get-5"), server, 0));
      assertTrue(failure.getMessage().startsWith(message), failure::toString);
    }
  }

  private static Load run(Work work, ScriptedServer server, double rate) throws IOException {
    List<Long> self = List.of(ProcessHandle.current().pid());
    LoadOrder order = LoadOrder.of(work, server.port(), Protocol.HTTP, rate, 0, MILLIS, self);
    try (Load load = Load.of(order)) {
      load.connect();
      load.run(new Window(order));
      return load;
    }
  }
}
