package io.plainweave.internal.thread;

/**
 * Finds out early whether {@link Scope} can be loaded. Otherwise the first connection would find
 * out, on a thread of whose stack trace nobody takes notice, while its client hangs.
 */
public final class PreviewCheck {
  private static final int JAVA = 25;

  private PreviewCheck() {}

  /**
   * Throws {@link IllegalStateException}, with a sentence that says what to do, if structured
   * scopes do not work here.
   */
  public static void run() {
    try {
      Class.forName("io.plainweave.internal.thread.Scope");
    } catch (UnsupportedClassVersionError e) {
      int running = Runtime.version().feature();
      throw new IllegalStateException(
          running == JAVA
              ? "Plainweave uses a preview API of Java 25: start java with --enable-preview"
              : "Plainweave needs exactly Java "
                  + JAVA
                  + " with --enable-preview: this is Java "
                  + running,
          e);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }
}
