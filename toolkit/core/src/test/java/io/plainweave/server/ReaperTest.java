package io.plainweave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.internal.thread.Scope;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The reaper")
@Timeout(30)
class ReaperTest {
  @ParameterizedTest
  @ValueSource(classes = {OutOfMemoryError.class, InternalError.class, BootstrapMethodError.class})
  void goesOnWhenMemoryWasShort(Class<? extends Error> shortage) throws Exception {
    var looks = new AtomicInteger();
    assertEquals(
        Scope.After.CANCEL,
        reap(end -> {
          if (looks.incrementAndGet() == 1) {
            throw shortage.getConstructor(String.class).newInstance("no memory");
          }
          end.run();
        }));
    assertEquals(2, looks.get());
  }

  @Test
  void endsByALinkThatStaysBroken() {
    assertThrows(
        BootstrapMethodError.class,
        () ->
            reap(end -> {
              throw new BootstrapMethodError("broken for ever");
            }));
  }

  private interface Step {
    void run(Runnable endOfTheServer) throws ReflectiveOperationException;
  }

  private static Scope.After reap(Step step) throws Exception {
    ServerHome home = ServerHomes.open(_ -> {}, _ -> {});
    var lifecycle = new Lifecycle();
    lifecycle.expect(1, false);
    home.drain().begin(lifecycle, home);
    IntConsumer listeners =
        _ -> {
          try {
            step.run(() -> lifecycle.acceptorEnded(false));
          } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
          }
        };
    var backlogs = new BacklogWatch(List::of, home.observer(), home.ticks().now());
    var reaper = new Reaper(lifecycle, home, new CarrierWatchdog(home, 1), backlogs, listeners);
    try {
      return reaper.call();
    } finally {
      home.pollers().close();
    }
  }
}
