package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.TimeLimits;
import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Twin;
import io.plainweave.internal.transport.OnKernel;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A reader, the drain, the time limits and a close, in every order")
class ActivityInterleavingsTest {
  /** A handler that reads messages of two bytes. */
  private abstract static class Reading extends OnKernel {
    final SocketConnection connection = ModelHome.on(kernel).accepted(socket);

    // Set by the reader.
    int messages;
    boolean sawEnd;
    boolean cut;

    /** Reads messages until the input has ended, or so many. */
    final void readMessages(int most) throws IOException {
      try {
        while (messages < most) {
          if (!connection.awaitMessage()) {
            sawEnd = true;
            return;
          }
          must(connection.input().read() >= 0, "a message without its first byte");
          must(connection.input().read() >= 0, "an end of stream in the middle of a message");
          connection.endMessage();
          messages++;
        }
      } catch (ConnectionClosedException e) {
        cut = true;
      }
    }
  }

  /** The drain meets a message whose bytes come one by one. */
  static final class Drain extends Reading {
    private boolean drained;

    @Override
    protected void prepare() {
      user(() -> readMessages(1));
      user(() -> {
        socket.arrive(1);
        socket.arrive(1);
      });
      user(() -> drained = connection.input().end(new CloseReason.Drained(), 1));
    }

    @Override
    protected void check() {
      CloseReason by = connection.input().endedBy();
      must(drained == by instanceof CloseReason.Drained, "the input was ended by " + by);
      must(drained || messages == 1, "a message is lost, and nobody has ended the input");
      must(messages == 1 || sawEnd || cut, "the reader does not know what has happened");
    }
  }

  /** The drain meets a handler for which nothing comes. */
  static final class DrainOfIdle extends Reading {
    @Override
    protected void prepare() {
      user(() -> readMessages(1));
      user(() -> {
        while (!connection.input().end(new CloseReason.Drained(), 1)) {
          Thread.yield();
        }
      });
    }

    @Override
    protected void check() {
      must(sawEnd, "the reader has not seen the end");
    }
  }

  /** Two who want to end the input, each for a reason of its own. */
  static final class TwoReasons extends Reading {
    private boolean drained;
    private boolean timedOut;

    @Override
    protected void prepare() {
      user(() -> readMessages(1));
      user(() -> drained = connection.input().end(new CloseReason.Drained(), 1));
      user(() ->
          timedOut = connection.input().end(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), 2));
      user(() -> socket.arrive(2));
    }

    @Override
    protected void check() {
      CloseReason by = connection.input().endedBy();
      must(!drained || !timedOut, "both have ended the input");
      must(drained == by instanceof CloseReason.Drained, "it was drained, but for " + by);
      must(timedOut == by instanceof CloseReason.TimedOut, "it has timed out, but for " + by);
      must(drained || timedOut || messages == 1, "a message is lost");
    }
  }

  /** A close meets a reader and the drain. */
  static final class Close extends Reading {
    @Override
    protected void prepare() {
      user(() -> readMessages(2));
      user(() -> socket.arrive(2));
      user(() -> connection.input().end(new CloseReason.Drained(), 1));
      user(connection::abort);
    }

    @Override
    protected void check() {
      must(sawEnd || cut, "the reader has not seen the end");
      must(connection.reason() instanceof CloseReason.Aborted, "closed for " + connection.reason());
      mustBeGivenBackOnce();
    }
  }

  /** The end of a connection meets a thread that it has left behind, which reads. */
  static final class Release extends Reading {
    @Override
    protected void prepare() {
      user(() -> readMessages(2));
      user(() -> {
        connection.endWith(new CloseReason.Finished());
        boolean _ = connection.input().release();
      });
    }

    @Override
    protected void check() {
      must(cut, "the reader has not seen the end");
    }
  }

  @Test
  void aMessageIsReadWholeOrNotAtAll() {
    Interleavings.explore(Drain.class);
  }

  @Test
  void whoWaitsIsDrained() {
    Interleavings.explore(DrainOfIdle.class);
  }

  @Test
  void oneReasonEndsTheInput() {
    Interleavings.explore(TwoReasons.class);
  }

  @Test
  void aCloseEndsTheReadAndIsTheReason() {
    Interleavings.explore(Close.class);
  }

  @Test
  void whoIsLeftBehindIsToldSo() {
    Interleavings.explore(Release.class);
  }

  @Test
  void aStepToDrainedThatIsNotTakenIsFound() {
    Interleavings.finds(Drain.class, Twin.without("MessageState", "end", "compareAndSet").only(2));
  }

  @Test
  void aDrainThatWakesNobodyIsFound() {
    Interleavings.finds(DrainOfIdle.class, Twin.without("MessageState", "end", "wakeReader"));
  }

  @Test
  void aReasonThatTakesThePlaceOfAnotherIsFound() {
    Interleavings.finds(
        TwoReasons.class, Twin.without("MessageState", "end", "compareAndSet").only(1));
  }

  @Test
  void aMessageThatIsCutUnseenIsFound() {
    Interleavings.finds(Drain.class, Twin.without("MessageState", "enterMessage", "compareAndSet"));
  }

  @Test
  void aReaderThatIsLeftAsleepIsFound() {
    Interleavings.finds(Release.class, Twin.without("MessageState", "closeForGood", "endReading"));
  }
}
