package io.plainweave.internal.transport;

import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Twin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Between a poller and those who wait, in every order")
class PollerInterleavingsTest {
  /** A reader. */
  private abstract static class Waiting extends OnKernel {
    final PolledChannel channel = new PolledChannel(socket, kernel.poller());

    /** How many bytes the reader has read, or -1 if the channel was closed; set by itself. */
    int read;

    final void read(int count) throws IOException {
      ByteBuffer target = ByteBuffer.allocate(count);
      try {
        while (channel.read(target) >= 0 && target.hasRemaining()) {
          channel.awaitReadable();
        }
        read = target.position();
      } catch (ClosedChannelException e) {
        read = -1;
      }
    }
  }

  static final class Arrivals extends Waiting {
    @Override
    protected void prepare() {
      user(() -> read(2));
      user(() -> {
        socket.arrive(1);
        socket.arrive(1);
      });
    }

    @Override
    protected void check() {
      must(read == 2, "the reader has read " + read);
    }
  }

  static final class Close extends Waiting {
    @Override
    protected void prepare() {
      user(() -> read(1));
      user(channel::close);
    }

    @Override
    protected void check() {
      must(read == -1, "the reader has not seen the close");
      mustBeGivenBackOnce();
    }
  }

  static final class CloseAtRest extends Waiting {
    @Override
    protected void prepare() {
      user(() -> {
        socket.arrive(1);
        read(1);
        channel.watch();
        channel.closeAtRest();
      });
    }

    @Override
    protected void check() {
      must(read == 1, "the reader has read " + read);
      mustBeGivenBackOnce();
    }
  }

  static final class Wakers extends Waiting {
    private volatile boolean first;
    private volatile boolean second;

    @Override
    protected void prepare() {
      user(() -> {
        while (!first || !second) {
          channel.awaitReadable();
        }
      });
      user(() -> {
        first = true;
        channel.wakeReader();
      });
      user(() -> {
        second = true;
        channel.wakeReader();
      });
    }
  }

  static final class EndOfReading extends Waiting {
    private volatile boolean ended;

    @Override
    protected void prepare() {
      user(() -> {
        while (!ended) {
          channel.awaitReadable();
        }
        channel.awaitReadable();
        channel.close();
      });
      user(() -> {
        ended = true;
        channel.endReading();
      });
    }

    @Override
    protected void check() {
      mustBeGivenBackOnce();
    }
  }

  @Test
  void whatArrivesIsRead() {
    Interleavings.explore(Arrivals.class);
  }

  @Test
  void aCloseEndsEachWaitAndGivesTheDescriptorBackOnce() {
    Interleavings.explore(Close.class);
  }

  @Test
  void aCloseByThePollerGivesTheDescriptorBackOnce() {
    Interleavings.explore(CloseAtRest.class);
  }

  @Test
  void noWakeUpOfAReaderIsLost() {
    Interleavings.explore(Wakers.class);
  }

  @Test
  void nobodyWaitsWhenReadingHasEnded() {
    Interleavings.explore(EndOfReading.class);
  }

  @Test
  void aWaitThatThePollerDoesNotHearOfIsFound() {
    Interleavings.finds(Arrivals.class, Twin.without("Poller", "hasPutDown", "wakeIfWaiting"));
  }

  @Test
  void aReaderThatEntersWhileItsInterestIsDroppedIsFound() {
    Interleavings.finds(
        Arrivals.class, Twin.without("PolledChannel", "ready", "wakeWaiting").only(3));
  }

  @Test
  void aWakerWhoDoesNotCountHimselfOutIsFound() {
    Interleavings.finds(Arrivals.class, Twin.without("SelfPipe", "wake", "addAndGet"));
  }

  @Test
  void aCloseThatWakesNobodyIsFound() {
    Interleavings.finds(Close.class, Twin.without("PolledChannel", "closeChannel", "wakeReader"));
  }

  @Test
  void aWakeUpThatIsNotKeptIsFound() {
    Interleavings.finds(Wakers.class, Twin.without("PolledChannel", "wake", "compareAndSet"));
  }

  @Test
  void anEndOfReadingThatWakesNobodyIsFound() {
    Interleavings.finds(
        EndOfReading.class, Twin.without("PolledChannel", "endReading", "wakeReader"));
  }

  @Test
  void aDescriptorThatThePollerForgetsIsFound() {
    Interleavings.finds(CloseAtRest.class, Twin.without("Poller", "closes", "hasPutDown"));
  }
}
