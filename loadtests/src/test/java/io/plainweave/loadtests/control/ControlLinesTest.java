package io.plainweave.loadtests.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.loadtests.report.Latencies;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
final class ControlLinesTest {

  static Stream<Order> orders() {
    return Stream.of(
        new Order.Measure(),
        new Order.Count(),
        new Order.Drain(Duration.ofMillis(1_500)),
        new Order.Ramp(
            15_000, 14_999, List.of(new Target("127.0.0.1", 7000), new Target("::1", 7000)), 128),
        new Order.Sweep(128),
        new Order.Load(2_500.5, Duration.ofSeconds(30)),
        new Order.LoadAcrossRestarts(2_500.5, 20_000, List.of(new Target("127.0.0.1", 7000))),
        new Order.EndLoad(),
        new Order.HalfClose(128),
        new Order.LoadUntilEnd(2_500.5, Duration.ofSeconds(30)),
        new Order.Churn(5, 2_500, 100, 250.5, List.of(new Target("127.0.0.1", 7000))),
        new Order.Storm(Duration.ofSeconds(30), List.of(new Target("127.0.0.1", 7000))),
        new Order.Broadcast(0, 5_000_000_000_000L, 20.5, 200),
        new Order.Slow(
            50, 51, Duration.ofSeconds(2), Duration.ofSeconds(8), List.of(new Target("::1", 7))),
        new Order.Publish(),
        new Order.ExpectPublish(Duration.ofSeconds(90)),
        new Order.ExpectEnd(Duration.ofSeconds(90)));
  }

  static Stream<Notice> notices() {
    return Stream.of(
        new Notice.Listening(7000),
        new Notice.Memory(7, 5_000_000_000L, OptionalLong.of(6_000_000_000L)),
        new Notice.Memory(7, 5_000_000_000L, OptionalLong.empty()),
        new Notice.Sample(7, 5_000_000_000L, OptionalLong.of(6_000_000_000L)),
        new Notice.Paused(17.5, "Allocation Failure"),
        new Notice.Drained(true, Duration.ofNanos(1_234_567_890), 5_000_000_000L),
        new Notice.Drained(false, Duration.ofSeconds(30), 0),
        new Notice.Count(17, Map.of("Finished", 3L, "WRITE_STALL", 1L)),
        new Notice.Moved(5_000_000_000L, 3, 20_000, 500),
        new Notice.Ready(),
        new Notice.Published(),
        new Notice.PublishExpected(),
        new Notice.EndExpected(),
        new Notice.Answered(5_000_000_000L, 17),
        new Notice.Lasts(List.of(1_000L, 2_000_000_000_000L)),
        new Notice.Progress(10, 200, 20, 30),
        new Notice.FirstFailure(Failure.REFUSED, "connection 7 failed: Connection refused"),
        new Notice.Done(300, Map.of(), latencies(1_000, 2_000_000)),
        new Notice.Done(
            298, Map.of(Failure.RESET, 1, Failure.WRONG_BYTES, 1), latencies(3_000_000_000L)));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void anOrderArrivesAsItWasSent(Order order) {
    assertEquals(order, ControlLines.order(ControlLines.encode(order)));
  }

  @ParameterizedTest
  @MethodSource("notices")
  void aNoticeArrivesAsItWasSent(Notice notice) {
    assertEquals(notice, ControlLines.notice(ControlLines.encode(notice)));
  }

  @ParameterizedTest
  @MethodSource("notices")
  void aNoticeIsOneLine(Notice notice) {
    assertFalse(ControlLines.encode(notice).contains("\n"));
  }

  @Test
  void aTextWithSeveralLinesIsStillOneLine() {
    Notice notice = new Notice.FirstFailure(Failure.RESET, "first\nsecond");
    String line = ControlLines.encode(notice);

    assertFalse(line.contains("\n"), line);
    assertEquals(notice, ControlLines.notice(line));
  }

  @Test
  void latenciesOfSeveralClientsMergeWithoutLoss() {
    Histogram direct = latencies(1_000, 5_000, 900_000_000_000L, 1_001, 77_777).histogram();
    Histogram merged = new Histogram(3);
    for (Latencies part :
        List.of(latencies(1_000, 5_000, 900_000_000_000L), latencies(1_001, 77_777))) {
      Notice sent = new Notice.Done(1, Map.of(), part);
      if (ControlLines.notice(ControlLines.encode(sent)) instanceof Notice.Done done) {
        merged.add(done.latencies().histogram());
      }
    }

    assertEquals(direct, merged);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "Sweep",
        "Sweep {\"window\":1",
        "Sweep {\"window\":\"many\"}",
        "Drain {\"limit\":\"5s\"}",
        "Ready {}",
        "Answer {}"
      })
  void whatIsNoOrderIsRefusedWithTheLineInTheMessage(String line) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ControlLines.order(line));

    assertEquals("not a control line: \"" + line + "\"", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "OpenJDK 64-Bit Server VM warning: something",
        "Listening",
        "Listening {\"port\":7000,\"more\":1}",
        "Done {\"done\":300,\"failures\":{},\"latencies\":{\"name\":\"\",\"histogram\":\"none\"}}",
        "FirstFailure {\"kind\":\"NO_SUCH_KIND\",\"text\":\"\"}",
        "Measure {}"
      })
  void whatIsNoNoticeIsRefusedWithTheLineInTheMessage(String line) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ControlLines.notice(line));

    assertEquals("not a control line: \"" + line + "\"", e.getMessage());
  }

  private static Latencies latencies(long... nanos) {
    Histogram histogram = new Histogram(3);
    for (long value : nanos) {
      histogram.recordValue(value);
    }
    return new Latencies("phase", histogram);
  }
}
