package io.plainweave.messaging;

import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Scenario;
import io.plainweave.interleavings.explorer.Twin;
import io.plainweave.internal.transport.Yielding;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Those who offer messages and the one who sends them, in every order")
class OutboxInterleavingsTest {
  private abstract static class Sending extends Scenario {
    final OutboxQueue queue;
    final List<byte[]> sent = new ArrayList<>();

    Sending(OutboxLimits limits) {
      queue = new OutboxQueue(limits, Yielding.Elsewhere.INSTANCE);
    }

    final void sender() {
      thread(() -> {
        while (queue.awaitMessage()) {
          for (byte[] message; (message = queue.poll()) != null; ) {
            sent.add(message);
          }
        }
      });
    }

    static byte[] message(int of, int number) {
      return new byte[] {(byte) of, (byte) number};
    }

    final void mustBeInOrder(int count) {
      must(sent.size() == count, "so many messages were sent: " + sent.size());
      int[] last = {-1, -1};
      for (byte[] message : sent) {
        must(message[1] > last[message[0]], "two have changed their places");
        last[message[0]] = message[1];
      }
      Outbox.Size left = queue.size();
      must(left.messages() == 0 && left.bytes() == 0, "something is left: " + left);
    }
  }

  /** Two who wait for room, of which there is one place. */
  static final class Blocking extends Sending {
    private final AtomicInteger left = new AtomicInteger(2);

    Blocking() {
      super(OutboxLimits.DEFAULT.maxMessages(1));
    }

    @Override
    protected void prepare() {
      offerer(0);
      offerer(1);
      sender();
    }

    private void offerer(int number) {
      thread(() -> {
        for (int i = 0; i < 2; i++) {
          OutboxQueue.Outcome outcome = queue.put(message(number, i), null, Outbox.Policy.BLOCK);
          must(outcome == OutboxQueue.Outcome.QUEUED, "it was not queued: " + outcome);
        }
        if (left.decrementAndGet() == 0) {
          queue.close(false);
        }
      });
    }

    @Override
    protected void check() {
      mustBeInOrder(4);
    }
  }

  /** A close meets one who waits for room. */
  static final class Close extends Sending {
    private OutboxQueue.Outcome outcome;

    Close() {
      super(OutboxLimits.DEFAULT.maxMessages(1));
    }

    @Override
    protected void prepare() throws InterruptedException {
      queue.put(message(0, 0), null, Outbox.Policy.BLOCK);
      thread(() -> outcome = queue.put(message(0, 1), null, Outbox.Policy.BLOCK));
      thread(() -> queue.close(false));
    }

    @Override
    protected void check() {
      must(outcome == OutboxQueue.Outcome.CLOSED, "it was " + outcome);
    }
  }

  /** One waits until the queue is low. */
  static final class Low extends Sending {
    private boolean low;

    Low() {
      super(OutboxLimits.DEFAULT.maxMessages(4));
    }

    @Override
    protected void prepare() throws InterruptedException {
      for (int i = 0; i < 4; i++) {
        queue.put(message(0, i), null, Outbox.Policy.BLOCK);
      }
      thread(() -> {
        low = queue.awaitLow();
        queue.close(false);
      });
      sender();
    }

    @Override
    protected void check() {
      must(low, "it has not seen that the queue is low");
      mustBeInOrder(4);
    }
  }

  /** A message that is filled in late, before one that is there. */
  static final class Place extends Sending {
    private volatile MessageQueue.Place place;
    private final AtomicInteger left = new AtomicInteger(2);

    Place() {
      super(OutboxLimits.DEFAULT);
    }

    @Override
    protected void prepare() {
      place = queue.reserve();
      sender();
      thread(() -> {
        queue.put(message(0, 1), null, Outbox.Policy.BLOCK);
        end();
      });
      thread(() -> {
        queue.fill(place, message(0, 0));
        end();
      });
    }

    private void end() {
      if (left.decrementAndGet() == 0) {
        queue.close(false);
      }
    }

    @Override
    protected void check() {
      mustBeInOrder(2);
    }
  }

  /** The same, and nobody closes: what is filled in has to be heard of. */
  static final class PlaceAlone extends Sending {
    PlaceAlone() {
      super(OutboxLimits.DEFAULT);
    }

    @Override
    protected void prepare() {
      MessageQueue.Place place = queue.reserve();
      thread(() -> {
        must(queue.awaitMessage(), "nothing comes");
        sent.add(queue.poll());
      });
      thread(() -> queue.fill(place, message(0, 0)));
    }

    @Override
    protected void check() {
      mustBeInOrder(1);
    }
  }

  @Test
  void allIsSentInOrderAndNobodyIsLeftWaiting() {
    Interleavings.explore(Blocking.class);
    Interleavings.explore(Place.class);
    Interleavings.explore(PlaceAlone.class);
  }

  @Test
  void aCloseEndsTheWaitForRoom() {
    Interleavings.explore(Close.class);
  }

  @Test
  void whoWaitsForTheLowMarkHearsOfIt() {
    Interleavings.explore(Low.class);
  }

  @Test
  void aPlaceThatBecomesFreeInSilenceIsFound() {
    Interleavings.finds(Blocking.class, Twin.without("OutboxQueue", "poll", "signal"));
  }

  @Test
  void aMessageThatIsAddedInSilenceIsFound() {
    Interleavings.finds(Blocking.class, Twin.without("OutboxQueue", "add", "signal"));
    Interleavings.finds(PlaceAlone.class, Twin.without("OutboxQueue", "fill", "signal"));
  }

  @Test
  void messagesThatAreAddedWithoutTheLockAreFound() {
    Interleavings.finds(
        Place.class, Twin.without("OutboxQueue", "fill", "lock", "unlock", "signal"));
  }

  @Test
  void aLowMarkInSilenceIsFound() {
    Interleavings.finds(Low.class, Twin.without("OutboxQueue", "poll", "signalLow"));
  }

  @Test
  void aCloseInSilenceIsFound() {
    Interleavings.finds(Close.class, Twin.without("OutboxQueue", "close", "signalAll"));
  }
}
