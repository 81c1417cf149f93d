package io.plainweave.internal.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.thread.Scope.After;
import java.lang.ref.WeakReference;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A scope, whatever shape the JDK's scopes have,")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ScopeShapesTest {
  private static final ScopedValue<String> VALUE = ScopedValue.newInstance();
  private static final ThreadFactory THREADS = Thread.ofVirtual().name("a name").factory();

  /** Those of other JDKs stand on the scopes of this one. */
  private enum Shape {
    OF_THIS_JDK(ScopeBinding.ofJdk()),
    OF_JDK_26(ScopeBinding.of(Jep525.class)),
    OF_JDK_27(ScopeBinding.of(Jep533.class));

    private final ScopeBinding binding;

    Shape(ScopeBinding binding) {
      this.binding = binding;
    }

    Scope open() {
      return Scope.open(binding, "a scope", THREADS);
    }
  }

  @ParameterizedTest
  @EnumSource
  void passesTheCheckAtTheStart(Shape shape) {
    JdkCheck.run(() -> shape.binding);
  }

  @ParameterizedTest
  @EnumSource
  void runsItsTasksOnThreadsOfTheFactoryAndWaitsForThem(Shape shape) throws Exception {
    var name = new CompletableFuture<String>();
    try (Scope scope = shape.open()) {
      assertTrue(scope.fork(() -> done(name.complete(Thread.currentThread().getName()))));
      scope.join();
      assertEquals("a name", name.getNow(""));
    }
  }

  @NeedsModule("jdk.management")
  @ParameterizedTest
  @EnumSource
  void hasTheNameThatAThreadDumpShows(Shape shape) throws Exception {
    try (Scope scope = shape.open()) {
      assertTrue(ThreadDump.json().contains("\"container\": \"a scope"));
      scope.join();
    }
  }

  @ParameterizedTest
  @EnumSource
  void inheritsScopedValues(Shape shape) throws Exception {
    var seen = new CompletableFuture<String>();
    ScopedValue.where(VALUE, "bound")
        .call(() -> {
          try (Scope scope = shape.open()) {
            assertTrue(scope.fork(() -> done(seen.complete(VALUE.orElse("unbound")))));
            scope.join();
          }
          return null;
        });
    assertEquals("bound", seen.getNow(""));
  }

  @ParameterizedTest
  @EnumSource
  void refusesAForkWithOtherScopedValues(Shape shape) throws Exception {
    try (Scope scope = shape.open()) {
      var violation =
          assertThrows(
              RuntimeException.class,
              () -> ScopedValue.where(VALUE, "bound").run(() -> scope.fork(() -> After.CONTINUE)));
      assertEquals("StructureViolationException", violation.getClass().getSimpleName());
      scope.join();
    }
  }

  @ParameterizedTest
  @EnumSource
  void cancelsTheOthersWhenATaskAsksForIt(Shape shape) throws Exception {
    var interrupted = new CompletableFuture<Boolean>();
    try (Scope scope = shape.open()) {
      var waiting = new CountDownLatch(1);
      assertTrue(scope.fork(() -> done(interrupted.complete(isInterruptedIn(waiting)))));
      waiting.await();
      assertTrue(scope.fork(() -> After.CANCEL));
      scope.join();
    }
    assertTrue(interrupted.get(10, TimeUnit.SECONDS));
  }

  @ParameterizedTest
  @EnumSource
  void forksNothingAfterACancel(Shape shape) throws Exception {
    var hasRun = new AtomicBoolean();
    try (Scope scope = shape.open()) {
      var held = new CountDownLatch(1);
      scope.fork(() -> done(isInterruptedIn(held)));
      held.await();
      scope.fork(() -> After.CANCEL);
      while (scope.fork(() -> After.CONTINUE)) {
        Thread.onSpinWait();
      }
      assertFalse(
          scope.fork(() -> {
            hasRun.set(true);
            return After.CONTINUE;
          }));
      scope.join();
    }
    assertFalse(hasRun.get());
  }

  @ParameterizedTest
  @EnumSource
  void leavesTheOthersAloneWhenATaskFails(Shape shape) throws Exception {
    var finished = new CountDownLatch(1);
    try (Scope scope = shape.open()) {
      Scope.Task fails =
          () -> {
            throw new IllegalStateException("meant");
          };
      assertTrue(scope.fork(fails));
      assertTrue(
          scope.fork(() -> {
            finished.countDown();
            return After.CONTINUE;
          }));
      scope.join();
    }
    assertEquals(0, finished.getCount());
  }

  @ParameterizedTest
  @EnumSource
  void keepsNothingOfATaskThatHasEnded(Shape shape) throws Exception {
    try (Scope scope = shape.open()) {
      WeakReference<Scope.Task> task = forkOne(scope);
      while (task.get() != null) {
        System.gc();
        Thread.onSpinWait();
      }
      scope.join();
    }
  }

  private static WeakReference<Scope.Task> forkOne(Scope scope) {
    var ended = new AtomicBoolean();
    Scope.Task task = () -> done(ended.getAndSet(true));
    assertTrue(scope.fork(task));
    return new WeakReference<>(task);
  }

  @ParameterizedTest
  @EnumSource
  void belongsToTheThreadThatHasOpenedIt(Shape shape) throws Exception {
    try (Scope scope = shape.open()) {
      var thrown = new CompletableFuture<Throwable>();
      Thread.ofVirtual()
          .uncaughtExceptionHandler((_, e) -> thrown.complete(e))
          .start(() -> scope.fork(() -> After.CONTINUE))
          .join();
      assertEquals(WrongThreadException.class, thrown.getNow(null).getClass());
      scope.join();
    }
  }

  @ParameterizedTest
  @EnumSource
  void isNotClosedInOrderBeforeAJoin(Shape shape) {
    Scope scope = shape.open();
    assertTrue(scope.fork(() -> After.CONTINUE));
    assertThrows(IllegalStateException.class, scope::close);
  }

  @ParameterizedTest
  @EnumSource
  void isInterruptedInItsJoinAndCanBeClosedThen(Shape shape) throws Exception {
    var interrupted = new CompletableFuture<Boolean>();
    try (Scope scope = shape.open()) {
      var waiting = new CountDownLatch(1);
      scope.fork(() -> done(interrupted.complete(isInterruptedIn(waiting))));
      waiting.await();
      Thread.currentThread().interrupt();
      assertThrows(InterruptedException.class, scope::join);
    }
    assertTrue(interrupted.getNow(false));
  }

  /** Waits until it is interrupted. */
  private static boolean isInterruptedIn(CountDownLatch waiting) {
    try {
      waiting.countDown();
      new CountDownLatch(1).await();
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  private static After done(boolean ignored) {
    return After.CONTINUE;
  }
}
