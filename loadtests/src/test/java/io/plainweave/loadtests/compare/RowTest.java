package io.plainweave.loadtests.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.OptionalLong;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The statistics. */
@Timeout(30)
final class RowTest {
  private static final Work ECHO = Work.of("echo-50");
  private static final Work OPEN = Work.of("open-80");
  private static final Work IDLE = Work.of("idle-100");

  @Test
  void theMedianOfAnOddNumberIsTheMiddleOne() {
    assertEquals(new Spread(3, 1, 100), spread(100, 1, 3));
    assertEquals(new Spread(7, 7, 7), spread(7));
  }

  @Test
  void theMedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo() {
    assertEquals(new Spread(2.5, 1, 100), spread(100, 1, 3, 2));
  }

  @Test
  void thereIsNoMedianOfNothing() {
    assertThrows(IllegalArgumentException.class, RowTest::spread);
  }

  @Test
  void figuresAreMediansOverTheRoundsOfThatServerAndWork() {
    List<Sample> samples =
        List.of(
            sample(1, ECHO, "a", 1_000, 0.5, 0.5, 0),
            sample(2, ECHO, "a", 3_000, 0.6, 0.5, 0),
            sample(3, ECHO, "a", 2_000, 0.4, 0.5, 0),
            sample(1, ECHO, "b", 9_000, 0.5, 0.5, 0),
            sample(1, OPEN, "a", 9_000, 0.5, 0.5, 0));

    Row row = Row.of(ECHO, "a", samples, 1);

    assertEquals(3, row.rounds());
    assertEquals(new Spread(1_000, 500, 1_500), row.rate());
    // 0.5 s for 1,000 messages, 0.6 s for 3,000, 0.4 s for 2,000
    assertEquals(new Spread(200, 200, 500), row.serverMicros());
    assertEquals(0.25, row.serverBusy().median());
  }

  @Test
  void theCoreThatIsBusyFirstIsTheLimit() {
    assertEquals("client", limit(ECHO, 1.5, 1.99, 0, 1));
    assertEquals("server", limit(ECHO, 1.99, 1.5, 0, 1));
    assertEquals("", limit(ECHO, 1.5, 1.5, 0, 1));
    assertEquals("", limit(ECHO, 2.5, 1.5, 0, 2), "of two cores one is half idle");
  }

  @Test
  void theClientOfAnOpenLoopIsTheLimitWhenItIsLate() {
    assertEquals("", limit(OPEN, 1.5, 2, 0.001, 1));
    assertEquals("client", limit(OPEN, 1.5, 2, 0.02, 1));
  }

  @Test
  void aFailedRoundIsTold_andTheOthersCount() {
    Row row =
        Row.of(
            ECHO,
            "a",
            List.of(
                sample(1, ECHO, "a", 1_000, 0.5, 0.5, 0), Sample.failed(2, ECHO, "a", "it fell")),
            1);

    assertEquals(1, row.rounds());
    assertEquals("it fell", row.failure());
    assertEquals(500, row.rate().median());
  }

  @Test
  void aServerThatAlwaysFailedHasNoFigures() {
    Row row = Row.of(ECHO, "a", List.of(Sample.failed(1, ECHO, "a", "it fell")), 1);

    assertEquals(0, row.rounds());
    assertNull(row.rate());
    assertEquals(
        List.of(List.of("a", "FAILED: it fell")), Tables.of(ECHO, List.of(row), "a").rows());
  }

  @Test
  void ratiosAreToTheBase() {
    List<Sample> samples =
        List.of(sample(1, ECHO, "a", 1_000, 0.5, 0.5, 0), sample(1, ECHO, "b", 4_000, 0.5, 0.5, 0));
    List<Row> rows = List.of(Row.of(ECHO, "a", samples, 1), Row.of(ECHO, "b", samples, 1));

    List<List<String>> cells = Tables.of(ECHO, rows, "a").rows();

    assertEquals(List.of("b", "2,000", "4.00"), cells.get(1).subList(0, 3));
    assertEquals(List.of("125.00", "0.25"), cells.get(1).subList(4, 6));
    assertEquals("1.00", cells.get(0).get(2));
  }

  @Test
  void theSlowestOfAHundredIsARatioToTheBaseToo() {
    Sample base = Sample.of(1, OPEN, "a", loadWithP99(2_000_000));
    Sample other = Sample.of(1, OPEN, "b", loadWithP99(3_000_000));
    List<Sample> samples = List.of(base, other);
    List<Row> rows = List.of(Row.of(OPEN, "a", samples, 1), Row.of(OPEN, "b", samples, 1));

    Tables.Table table = Tables.of(OPEN, rows, "a");

    int p99 = table.head().indexOf("p99");
    assertEquals(List.of("p99", "ratio"), table.head().subList(p99, p99 + 2));
    assertEquals(List.of("3.00", "1.50"), table.rows().getLast().subList(p99, p99 + 2));
  }

  private static LoadResult loadWithP99(long nanos) {
    return new LoadResult(null, 1_000, 1, 1, 1, 0, 0, 1, nanos, nanos, nanos);
  }

  @Test
  void idleConnectionsCostWhatTheyAddToTheMemory() {
    Sample sample =
        Sample.idle(
            IDLE,
            "a",
            new ServerMemory(OptionalLong.of(1_000), 5_000),
            new ServerMemory(OptionalLong.of(151_000), 255_000));

    assertEquals(1_500, sample.heap());
    assertEquals(2_500, sample.resident());
  }

  private static String limit(
      Work work, double serverSeconds, double clientSeconds, double late, int cores) {
    Sample sample = sample(1, work, "a", 1_000, serverSeconds, clientSeconds, late);
    return Row.of(work, "a", List.of(sample), cores).limit();
  }

  /** A round of two seconds. */
  private static Sample sample(
      int round,
      Work work,
      String server,
      long messages,
      double serverSeconds,
      double clientSeconds,
      double late) {
    LoadResult load =
        new LoadResult(
            null,
            messages,
            2,
            Math.round(serverSeconds * 1e9),
            Math.round(clientSeconds * 1e9),
            0,
            late,
            1,
            2,
            3,
            4);
    return Sample.of(round, work, server, load);
  }

  private static Spread spread(double... figures) {
    return Spread.of(DoubleStream.of(figures).boxed().toList(), it -> it);
  }
}
