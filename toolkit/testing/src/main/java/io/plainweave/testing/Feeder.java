package io.plainweave.testing;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Feeds a decoder with bytes that are cut, and sees what comes of it. */
final class Feeder<T> {
  private static final int PATIENCE_SECONDS = 10;
  private static final int FOR_ALL = 64 * 1024;

  /** The only one that counts is of HotSpot; elsewhere nothing is counted. */
  private static final java.lang.management.ThreadMXBean THREADS =
      ManagementFactory.getThreadMXBean();

  private final MemoryNetwork network;
  private final Pairs pairs;
  private final EverySplit.Opening<T> opening;

  Feeder(MemoryNetwork network, Pairs pairs, EverySplit.Opening<T> opening) {
    this.network = network;
    this.pairs = pairs;
    this.opening = opening;
  }

  /** What is fed, and how. */
  record Feed(byte[] bytes, int[] cuts) {
    @Override
    public String toString() {
      return Conversation.show(bytes)
          + (cuts.length == 0 ? " in one piece" : " cut at " + Arrays.toString(cuts));
    }
  }

  /** What has come, why it has ended if not in order, and what was allocated on the heap. */
  record Outcome<T>(List<T> read, @Nullable Throwable failure, long allocated) {}

  /** Lets a new decoder read until the end, or until it fails. */
  Outcome<T> run(Feed feed) throws IOException, InterruptedException {
    int room = Math.max(FOR_ALL, feed.bytes.length + 1);
    network.links(Link.PLAIN.bufferBytes(room).cutAt(feed.cuts));
    Pairs.Pair pair = pairs.open();
    try {
      pair.first().output().write(feed.bytes);
      pair.first().finishOutput();
      return decode(pair, feed);
    } finally {
      pair.abort();
    }
  }

  private Outcome<T> decode(Pairs.Pair pair, Feed feed) throws InterruptedException {
    var done = new CompletableFuture<Outcome<T>>();
    // Of a virtual thread nobody could say what it allocates.
    Thread thread = Thread.ofPlatform().start(() -> done.complete(decodeAll(pair)));
    try {
      return done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a failure is an outcome", e);
    } catch (TimeoutException e) {
      var stuck =
          new AssertionError(
              "of %s the decoder makes nothing within %d s".formatted(feed, PATIENCE_SECONDS));
      stuck.setStackTrace(thread.getStackTrace());
      throw stuck;
    }
  }

  private Outcome<T> decodeAll(Pairs.Pair pair) {
    List<T> read = new ArrayList<>();
    long before = allocated();
    Throwable failure = null;
    try {
      EverySplit.Decoder<T> decoder = opening.of(pair.second());
      for (T message; (message = decoder.read()) != null; ) {
        read.add(message);
      }
    } catch (Throwable e) {
      failure = e;
    }
    return new Outcome<>(read, failure, allocated() - before);
  }

  private static long allocated() {
    return THREADS instanceof ThreadMXBean counting ? counting.getCurrentThreadAllocatedBytes() : 0;
  }
}
