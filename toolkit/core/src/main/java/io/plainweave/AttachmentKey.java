package io.plainweave;

/**
 * Names one thing that a program keeps with a {@link Connection}, and its type: a user, a session,
 * a counter. It is made once, where all that use it find it, and is equal to no other, whatever its
 * name. So two libraries never meet in one attachment.
 *
 * {@snippet file="io/plainweave/internal/connection/AttachmentTest.java" region="key"}
 *
 * @param <T> the type of what is attached
 */
@SuppressWarnings("UnusedTypeParameter") // it is for those who attach and ask
public final class AttachmentKey<T> {
  private final String name;

  private AttachmentKey(String name) {
    this.name = name;
  }

  /**
   * Makes a key.
   *
   * @param <T> the type of what is attached
   * @param name for people, in logs
   * @return a key that is equal to no other
   */
  public static <T> AttachmentKey<T> of(String name) {
    return new AttachmentKey<>(name);
  }

  /** Returns the name. */
  @Override
  public String toString() {
    return name;
  }
}
