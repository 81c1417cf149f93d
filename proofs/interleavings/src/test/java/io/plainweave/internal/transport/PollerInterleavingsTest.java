package io.plainweave.internal.transport;

import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Scenario;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Between a poller and those who wait, in every order")
class PollerInterleavingsTest {
  /** A reader, its poller, and who ends the poller when the others are done. */
  private abstract static class Waiting extends Scenario {
    private final AtomicInteger left = new AtomicInteger();
    Kernel kernel;
    ModelChannel socket;
    PolledChannel channel;

    /** How many bytes the reader has read, or -1 if the channel was closed; set by itself. */
    int read;

    final void prepare(int users) throws IOException {
      left.set(users);
      kernel = new Kernel();
      socket = kernel.socket();
      channel = new PolledChannel(socket, kernel.poller());
      thread(kernel::poll);
    }

    /** A thread at whose end the poller is needed less. */
    final void user(Step step) {
      thread(() -> {
        try {
          step.run();
        } finally {
          if (left.decrementAndGet() == 0) {
            kernel.stop();
          }
        }
      });
    }

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
    protected void prepare() throws IOException {
      prepare(2);
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
    protected void prepare() throws IOException {
      prepare(2);
      user(() -> read(1));
      user(channel::close);
    }

    @Override
    protected void check() {
      must(read == -1, "the reader has not seen the close");
      must(socket.released() == 1, "the descriptor was given back " + socket.released() + " times");
    }
  }

  static final class CloseAtRest extends Waiting {
    @Override
    protected void prepare() throws IOException {
      prepare(1);
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
      must(socket.released() == 1, "the descriptor was given back " + socket.released() + " times");
    }
  }

  static final class Wakers extends Waiting {
    private volatile boolean first;
    private volatile boolean second;

    @Override
    protected void prepare() throws IOException {
      prepare(3);
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
    protected void prepare() throws IOException {
      prepare(2);
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
      must(socket.released() == 1, "the descriptor was given back " + socket.released() + " times");
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
}
