package io.plainweave.admission;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A stream that is limited to a rate")
@Timeout(30)
class LimitedStreamTest {
  private static final byte[] BYTES = {7, (byte) 200};

  private final RateLimiter quick = RateLimiter.of(Rate.perSecond(1_000));

  @Test
  void readsTheSameByteByByte() throws Exception {
    InputStream limited = quick.limit(new ByteArrayInputStream(BYTES));
    assertEquals(7, limited.read());
    assertEquals(200, limited.read());
    assertEquals(-1, limited.read());
  }

  @Test
  void writesTheSameByteByByte() throws Exception {
    var sink = new ByteArrayOutputStream();
    OutputStream limited = quick.limit(sink);
    limited.write(7);
    limited.write(200);
    assertArrayEquals(BYTES, sink.toByteArray());
  }

  @Test
  void sendsWhatItHasBeforeItWaits() throws Exception {
    var sink = new ByteArrayOutputStream();
    OutputStream limited =
        RateLimiter.of(new Rate(1, Duration.ofHours(1))).limit(new BufferedOutputStream(sink));
    var writing =
        new FutureTask<>(() -> {
          limited.write(BYTES);
          return null;
        });
    Thread writer = Thread.startVirtualThread(writing);
    try {
      await().until(() -> sink.size() == 1);
    } finally {
      writer.interrupt();
      writer.join();
    }
    var failed = assertThrows(ExecutionException.class, writing::get);
    assertEquals(InterruptedIOException.class, failed.getCause().getClass());
  }

  @Test
  void leavesTheInterruptToItsThread() {
    InputStream limited = quick.limit(new ByteArrayInputStream(BYTES));
    Thread.currentThread().interrupt();
    assertThrows(InterruptedIOException.class, limited::read);
    assertTrue(Thread.interrupted());
  }
}
