package io.plainweave.internal.trace;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.plainweave.CloseReason;
import io.plainweave.fixture.ReadTrace;
import io.plainweave.internal.time.Ticks;
import io.plainweave.server.Server;
import io.plainweave.trace.TraceEnd;
import io.plainweave.trace.TraceLimits;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@DisplayName("A trace that goes on")
@Timeout(60)
class OpenTraceTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int MEBIBYTE = 1024 * 1024;

  private final Ticks ticks = new Ticks();
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  /** A connection that knows only who looks at it. */
  private static final class Traced implements Traceable {
    private final Set<Tap> taps = ConcurrentHashMap.newKeySet();

    @Override
    public long id() {
      return 17;
    }

    @Override
    public SocketAddress localAddress() {
      return new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 80);
    }

    @Override
    public SocketAddress remoteAddress() {
      return new InetSocketAddress(InetAddress.ofLiteral("192.0.2.2"), 5000);
    }

    @Override
    public boolean isOutbound() {
      return false;
    }

    @Override
    public long openMillis() {
      return 1_000;
    }

    @Override
    public boolean isOver() {
      return false;
    }

    @Override
    public void add(Tap tap) {
      taps.add(tap);
    }

    @Override
    public void remove(Tap tap) {
      taps.remove(tap);
    }

    Tap tap() {
      return taps.iterator().next();
    }
  }

  private OpenTrace trace(OutputStream to, TraceLimits limits) {
    var form = new TextForm(new TraceFile.Text(to), Instant.EPOCH, limits);
    return new OpenTrace(form, "the trace", limits, ticks, true, () -> {});
  }

  private static void start(OpenTrace trace) {
    Thread.ofPlatform().daemon().start(trace);
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(US_ASCII));
  }

  private ReadTrace read() {
    return ReadTrace.of(written.toString(UTF_8).lines().toList());
  }

  /** What does not go on before it may, as a disk that hangs. */
  private static final class Slow extends OutputStream {
    private final OutputStream to;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch goesOn = new CountDownLatch(1);

    Slow(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      reached.countDown();
      try {
        assertTrue(goesOn.await(20, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      to.write(source, offset, length);
    }
  }

  @Test
  void endsAtItsTimeByTheClockOfTheServer() throws Exception {
    OpenTrace trace = trace(written, TraceLimits.DEFAULT.withMaxTime(Duration.ofSeconds(1)));
    var connection = new Traced();
    trace.join(connection, "");
    Tap tap = connection.tap();
    for (int i = 0; i < 9; i++) {
      ticks.advance();
    }
    tap.received(bytes("in time"));
    assertEquals(Optional.empty(), trace.end());
    ticks.advance();
    tap.received(bytes("too late"));
    assertEquals(Optional.of(TraceEnd.TIME), trace.end());
    start(trace);
    assertTrue(trace.awaitEnd(LONG));
    assertEquals("in time", read().only().receivedText());
    assertEquals(Set.of(), connection.taps);
  }

  @Test
  void findsOutByItselfThatItsTimeIsOver() throws Exception {
    OpenTrace trace = trace(written, TraceLimits.DEFAULT.withMaxTime(Duration.ofMillis(100)));
    var connection = new Traced();
    trace.join(connection, "");
    start(trace);
    ticks.advance();
    assertTrue(trace.awaitEnd(LONG));
    assertEquals(Optional.of(TraceEnd.TIME), trace.end());
    assertEquals(Set.of(), connection.taps);
  }

  @Test
  void leavesOutWhatTheDiskDoesNotTakeAndSaysHowMuch() throws Exception {
    var disk = new Slow(written);
    OpenTrace trace = trace(disk, TraceLimits.DEFAULT.withMaxBytes(1L << 40));
    var connection = new Traced();
    trace.join(connection, "");
    start(trace);
    assertTrue(disk.reached.await(20, TimeUnit.SECONDS));
    // The disk hangs, and the threads of the connection go on.
    var chunk = ByteBuffer.allocate(64 * 1024);
    for (int i = 0; i < 40; i++) {
      connection.tap().sent(chunk);
    }
    connection.tap().received(bytes("short"));
    assertEquals(MEBIBYTE, trace.bytes());
    assertEquals(24 * chunk.capacity() + "short".length(), trace.leftOut());
    disk.goesOn.countDown();
    // As soon as there is room, it goes on.
    while (trace.bytes() == MEBIBYTE) {
      connection.tap().sent(bytes("x"));
      Thread.yield();
    }
    connection.tap().received(bytes("again"));
    connection.tap().ended(new CloseReason.Finished());
    assertTrue(trace.awaitEnd(LONG));
    ReadTrace.One one = read().only();
    assertEquals("again", one.receivedText());
    assertEquals(5, one.received().leftOut());
    assertEquals(MEBIBYTE + 1, one.sent().size());
    assertEquals(trace.leftOut() - 5, one.sent().leftOut());
    assertTrue(read().end().endsWith(trace.leftOut() + " were left out."), read().end());
  }

  @Test
  void isNotWaitedForWithoutEnd() throws Exception {
    var disk = new Slow(written);
    OpenTrace trace = trace(disk, TraceLimits.DEFAULT);
    var connection = new Traced();
    trace.join(connection, "");
    Tap tap = connection.tap();
    start(trace);
    assertTrue(disk.reached.await(20, TimeUnit.SECONDS));
    Thread closing = Thread.ofVirtual().start(trace::close);
    while (trace.end().isEmpty()) {
      Thread.yield();
    }
    closing.interrupt();
    closing.join();
    assertEquals(Set.of(), connection.taps);
    tap.received(bytes("nobody looks"));
    assertFalse(trace.awaitEnd(Duration.ofMillis(1)));
    disk.goesOn.countDown();
    assertTrue(trace.awaitEnd(LONG));
    assertEquals(0, trace.bytes());
  }

  @Test
  void endsWithAWarningWhenTheDiskIsFull() throws Exception {
    var lines = new ListAppender<ILoggingEvent>();
    lines.start();
    Logger log = (Logger) LoggerFactory.getLogger(Server.class);
    log.addAppender(lines);
    var connection = new Traced();
    try (var full = new FileOutputStream("/dev/full")) {
      OpenTrace trace = trace(full, TraceLimits.DEFAULT);
      trace.join(connection, "");
      connection.tap().received(bytes("hello"));
      start(trace);
      assertTrue(trace.awaitEnd(LONG));
      assertEquals(Optional.of(TraceEnd.FAILED), trace.end());
      assertTrue(trace.failure().orElseThrow().getMessage().contains("No space left"));
    } finally {
      log.detachAppender(lines);
    }
    assertEquals(Set.of(), connection.taps);
    assertEquals(
        List.of(
            "the trace ends, since it cannot be written: java.io.IOException: No space left on device"),
        lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
  }

  /** A peer that sends single bytes must not make a file of any size. */
  @Test
  void hasABoundForTheNumberOfItsEntriesAndSoForItsFile() throws Exception {
    TraceLimits limits = TraceLimits.DEFAULT.withMaxBytes(100_000);
    for (boolean asPcapng : List.of(false, true)) {
      written.reset();
      TraceForm form =
          asPcapng
              ? new PcapngForm(written, Instant.EPOCH, limits)
              : new TextForm(new TraceFile.Text(written), Instant.EPOCH, limits);
      var trace = new OpenTrace(form, "the trace", limits, ticks, true, () -> {});
      var connection = new Traced();
      trace.join(connection, "");
      Tap tap = connection.tap();
      start(trace);
      while (trace.end().isEmpty()) {
        tap.received(bytes("x"));
      }
      assertTrue(trace.awaitEnd(LONG));
      assertEquals(Optional.of(TraceEnd.BYTES), trace.end());
      assertEquals(256 + 100_000 / 16, trace.bytes());
      assertTrue(written.size() < 10 * limits.maxBytes(), () -> "" + written.size());
    }
  }

  @Test
  void showsTextOfOthersInOneLine() throws Exception {
    OpenTrace trace = trace(written, TraceLimits.DEFAULT);
    var connection = new Traced();
    trace.join(connection, "");
    String forged = "\n# The trace ends: forged\u001b[2J";
    connection.tap().received(bytes(forged));
    connection.tap().note(forged);
    connection.tap().note("x".repeat(10_000));
    connection.tap().ended(new CloseReason.HandlerFailed(new IOException(forged)));
    start(trace);
    assertTrue(trace.awaitEnd(LONG));
    ReadTrace.One one = read().only();
    assertEquals(forged, one.receivedText());
    assertEquals("\\n# The trace ends: forged\\u001b[2J", one.events().get(1));
    assertEquals("x".repeat(500) + "...", one.events().get(2));
    assertTrue(read().end().contains("the connection has ended"), read().end());
  }

  @Test
  void survivesAReasonThatHasNoText() throws Exception {
    OpenTrace trace = trace(written, TraceLimits.DEFAULT);
    var connection = new Traced();
    trace.join(connection, "");
    connection
        .tap()
        .ended(
            new CloseReason.HandlerFailed(
                new IOException() {
                  @Override
                  public String toString() {
                    throw new IllegalStateException("no text");
                  }
                }));
    start(trace);
    assertTrue(trace.awaitEnd(LONG));
    assertEquals("closed", read().only().events().getLast());
  }
}
