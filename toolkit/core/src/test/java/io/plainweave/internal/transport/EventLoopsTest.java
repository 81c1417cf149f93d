package io.plainweave.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.thread.Scope;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The threads of event loops")
@Timeout(30)
@ExtendWith(ResourceGuard.class)
@Tag("event-loops")
class EventLoopsTest {
  @Test
  void ofWhichOneCannotBeStartedAreNone() throws Exception {
    var made = new AtomicInteger();
    var noThread = new OutOfMemoryError("unable to create native thread");
    EventLoops loops =
        EventLoops.open(
            2,
            4,
            task -> {
              if (made.getAndIncrement() == 1) {
                throw noThread;
              }
              return new LoopThread(task);
            });
    try (Scope scope = Scope.open("test", Thread.ofPlatform().factory())) {
      try {
        var failure = assertThrows(IllegalStateException.class, () -> loops.start(scope, _ -> {}));
        assertSame(noThread, failure.getCause());
        assertEquals(
            "the threads of the event loops cannot be started: " + noThread, failure.getMessage());
        scope.join();
        assertEquals(0, loops.threads());
      } finally {
        loops.all().forEach(loop -> loop.poller().stop());
      }
    }
  }
}
