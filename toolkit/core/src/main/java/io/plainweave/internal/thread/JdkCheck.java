package io.plainweave.internal.thread;

import io.plainweave.internal.thread.ScopeBinding.UnknownShapeException;
import java.util.function.Supplier;

/**
 * Finds out early whether a {@link Scope} can be opened here. Otherwise the first connection would
 * find out, on a thread of whose stack trace nobody takes notice, while its client hangs.
 */
public final class JdkCheck {
  private JdkCheck() {}

  /**
   * Opens and closes a scope.
   *
   * @throws IllegalStateException with a sentence that says what is missing and what to do, if that
   *     does not work
   */
  public static void run() {
    run(ScopeBinding::ofJdk);
  }

  /** The same with other scopes. */
  static void run(Supplier<ScopeBinding> scopes) {
    ScopeBinding binding;
    try {
      binding = scopes.get();
    } catch (UnknownShapeException e) {
      throw new IllegalStateException(
          "Plainweave does not know the structured concurrency of this JDK "
              + "%s (%s): take a JDK 25 to 28, or a Plainweave that knows this one"
                  .formatted(Runtime.version(), e.getMessage()),
          e);
    }
    try {
      Scope.open(binding, "check of the JDK", Scope.virtualThreads()).close();
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalStateException(
          "this JDK %s refuses structured concurrency (%s): start java with --enable-preview"
              .formatted(Runtime.version(), e),
          e);
    }
  }
}
