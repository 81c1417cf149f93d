package io.plainweave.internal.trace;

import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * A transport that shows to taps what passes by another one. It stands in the place of that one
 * only while a tap is there, so that a connection without one has nothing to look at.
 *
 * <h2>Why it can be put in and taken out at any time</h2>
 *
 * <p>It never changes and keeps nothing: it is the other transport, seen through a window. So two
 * threads may use both at the same time, and a thread that is in a call of the one when the other
 * takes its place goes on undisturbed; poller and channel know of neither. The place is a volatile
 * field that is changed by compare-and-set only, also by the thread that begins or ends TLS: of a
 * tap and a TLS transport that come at the same moment, the later one finds the earlier one there,
 * and takes it over. The final fields and the volatile write publish what is put in.
 */
public final class TappedTransport implements Transport.Decorated {
  private static final Tap[] NONE = {};

  private final Transport under;

  /** Never modified. */
  private final Tap[] taps;

  private TappedTransport(Transport under, Tap... taps) {
    this.under = under;
    this.taps = taps;
  }

  // For the owner of the place

  /** The taps of what stands in a place; not to be modified. */
  public static Tap[] taps(Transport transport) {
    return transport instanceof TappedTransport tapped ? tapped.taps : NONE;
  }

  /** How the bytes travel, whoever looks. */
  public static Transport under(Transport transport) {
    return transport instanceof TappedTransport tapped ? tapped.under : transport;
  }

  /** Replaces the transport, and keeps the taps. */
  public static <T> void use(
      AtomicReferenceFieldUpdater<T, Transport> place, T owner, Transport next) {
    Transport before;
    Transport after;
    do {
      before = place.get(owner);
      after = with(next, taps(before));
    } while (!place.compareAndSet(owner, before, after));
  }

  /** Puts a tap in. */
  public static <T> void add(AtomicReferenceFieldUpdater<T, Transport> place, T owner, Tap tap) {
    Transport before;
    Transport after;
    do {
      before = place.get(owner);
      Tap[] present = taps(before);
      Tap[] more = Arrays.copyOf(present, present.length + 1);
      more[present.length] = tap;
      after = with(under(before), more);
    } while (!place.compareAndSet(owner, before, after));
  }

  /** Takes a tap out, if it is there. */
  @SuppressWarnings("ReferenceEquality") // a tap is itself only
  public static <T> void remove(AtomicReferenceFieldUpdater<T, Transport> place, T owner, Tap tap) {
    Transport before;
    Transport after;
    do {
      before = place.get(owner);
      Tap[] rest = Arrays.stream(taps(before)).filter(it -> it != tap).toArray(Tap[]::new);
      after = with(under(before), rest);
    } while (!place.compareAndSet(owner, before, after));
  }

  private static Transport with(Transport under, Tap... taps) {
    return taps.length == 0 ? under : new TappedTransport(under, taps);
  }

  /** Shows what has come to the reader by another way than a read. */
  public static void showReceived(Transport transport, ByteBuffer bytes) {
    if (transport instanceof TappedTransport tapped) {
      tapped.show(true, bytes, bytes.position(), bytes.remaining());
    }
  }

  // For the threads of the connection

  @Override
  public int read(ByteBuffer target) throws IOException {
    int begin = target.position();
    int n = under.read(target);
    if (n > 0) {
      show(true, target, begin, n);
    } else if (n < 0) {
      for (Tap tap : taps) {
        tap.peerFinished();
      }
    }
    return n;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int begin = source.position();
    int n = under.write(source);
    int taken = source.position() - begin;
    if (taken > 0) {
      show(false, source, begin, taken);
    }
    return n;
  }

  /** What has passed has passed: whatever goes wrong here must not be taken for its failure. */
  private void show(boolean received, ByteBuffer passed, int begin, int count) {
    try {
      for (Tap tap : taps) {
        ByteBuffer shown = passed.slice(begin, count);
        if (received) {
          tap.received(shown);
        } else {
          tap.sent(shown);
        }
      }
    } catch (Throwable noMemory) {
      Shortage.see(noMemory);
      for (Tap tap : taps) {
        tap.missed(received, count);
      }
    }
  }

  @Override
  public boolean hasUnsent() {
    return under.hasUnsent();
  }

  @Override
  public void awaitReadable() throws IOException {
    under.awaitReadable();
  }

  @Override
  public void awaitWritable() throws IOException {
    long begun = System.nanoTime();
    for (Tap tap : taps) {
      tap.waitsForRoom();
    }
    under.awaitWritable();
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    for (Tap tap : taps) {
      tap.waitedForRoom(millis);
    }
  }

  @Override
  public int available() throws IOException {
    return under.available();
  }

  @Override
  public boolean finishOutput() throws IOException {
    boolean finished = under.finishOutput();
    if (finished) {
      for (Tap tap : taps) {
        tap.finished();
      }
    }
    return finished;
  }
}
