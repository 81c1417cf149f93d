package io.plainweave.fuzz.support;

/** What a target says that it has found; no code catches it. */
public final class Finding extends AssertionError {
  /** Makes one. */
  public Finding(String what) {
    super(what);
  }

  /** Makes one with its cause. */
  public Finding(String what, Throwable cause) {
    super(what + ": " + cause, cause);
  }

  /** Fails unless a condition holds. */
  public static void unless(boolean condition, String what) {
    if (!condition) {
      throw new Finding(what);
    }
  }
}
