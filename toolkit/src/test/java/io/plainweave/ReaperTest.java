package io.plainweave;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The reaper")
@Timeout(30)
class ReaperTest {
  @Test
  void goesOnWhenMemoryWasShort() throws Exception {
    ConnectionContext context =
        Server.builder().listen(Listen.tcp(0)).handler(_ -> {}).build().context();
    context.pollers().open();
    var lifecycle = new Lifecycle();
    lifecycle.expect(1);
    context.drain().begin(lifecycle, context);
    var looks = new AtomicInteger();
    Runnable finishListeners =
        () -> {
          if (looks.incrementAndGet() == 1) {
            throw new OutOfMemoryError("Java heap space");
          }
          lifecycle.acceptorEnded();
        };
    var backlogs = new BacklogWatch(List.of(), context.events(), context.ticks().now());
    var reaper =
        new Reaper(
            lifecycle,
            context,
            new CarrierWatchdog(context, 1),
            backlogs,
            finishListeners,
            finishListeners);
    try {
      assertEquals(Scope.After.CANCEL, reaper.call());
      assertEquals(2, looks.get());
    } finally {
      context.pollers().close();
    }
  }
}
