package io.plainweave.internal.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The check of the JDK")
@Timeout(30)
class JdkCheckTest {
  /** All but the scope itself is there. */
  interface Forkless {
    /** As it should be. */
    interface Subtask extends Supplier<Object> {
      enum State {
        SUCCESS
      }

      State state();
    }

    /** As it should be. */
    interface Joiner {
      default boolean onComplete(Subtask subtask) {
        return false;
      }

      Object result();
    }

    /** As it should be. */
    interface Configuration {
      Configuration withThreadFactory(ThreadFactory threads);

      Configuration withName(String name);
    }

    static Forkless open(Joiner joiner, UnaryOperator<Configuration> configuration) {
      throw new AssertionError();
    }
  }

  /** A joiner has to say something of which nobody has heard here. */
  interface Demanding {
    /** As it should be. */
    interface Subtask extends Supplier<Object> {
      enum State {
        SUCCESS
      }

      State state();
    }

    /** One method too many. */
    interface Joiner {
      default boolean onComplete(Subtask subtask) {
        return false;
      }

      Object result();

      int mostSubtasks();
    }

    /** As it should be. */
    interface Configuration {
      Configuration withThreadFactory(ThreadFactory threads);

      Configuration withName(String name);
    }

    static Demanding open(Joiner joiner, UnaryOperator<Configuration> configuration) {
      throw new AssertionError();
    }
  }

  /** As in Java 21 to 24, where a scope was made by a constructor. */
  interface Openless {
    /** As it should be. */
    interface Subtask extends Supplier<Object> {}

    /** As it should be. */
    interface Joiner {}

    /** As it should be. */
    interface Configuration {}

    static Openless open(Joiner joiner) {
      throw new AssertionError();
    }
  }

  /** Has everything, but insists on the flag. */
  interface Refusing {
    /** As it should be. */
    interface Subtask extends Supplier<Object> {
      enum State {
        SUCCESS
      }

      State state();
    }

    /** As it should be. */
    interface Joiner {
      default boolean onComplete(Subtask subtask) {
        return false;
      }

      Object result();
    }

    /** As it should be. */
    interface Configuration {
      Configuration withThreadFactory(ThreadFactory threads);

      Configuration withName(String name);
    }

    static Refusing open(Joiner joiner, UnaryOperator<Configuration> configuration) {
      throw new UnsupportedOperationException("not without the flag");
    }

    Subtask fork(Callable<Object> task);

    Object join() throws InterruptedException;

    boolean isCancelled();

    void close();
  }

  @Test
  void isPassedByThisJdk() {
    JdkCheck.run();
  }

  @Test
  void saysWhatIsNotThere() {
    assertEquals("Forkless has no Subtask fork(Callable)", missing(Forkless.class));
    assertEquals("Openless has no open(Joiner, UnaryOperator)", missing(Openless.class));
    assertEquals("Runnable has no Joiner", missing(Runnable.class));
  }

  @Test
  void saysWhatIsAskedForThatNobodyKnows() {
    assertEquals("Joiner has an unknown mostSubtasks", missing(Demanding.class));
  }

  /** What stands in the parentheses of a sentence that names the JDK and a way out. */
  private static String missing(Class<?> scopes) {
    String sentence = sentence(scopes);
    String before = "Plainweave does not know the structured concurrency of this JDK ";
    assertTrue(sentence.startsWith(before + Runtime.version()), sentence);
    assertTrue(
        sentence.endsWith("): take a JDK 25 to 28, or a Plainweave that knows this one"), sentence);
    return sentence.substring(sentence.indexOf('(') + 1, sentence.indexOf("): "));
  }

  @Test
  void saysThatAFlagMayHelpWhereAScopeIsRefused() {
    String sentence = sentence(Refusing.class);
    assertTrue(sentence.contains("JDK " + Runtime.version()), sentence);
    assertTrue(sentence.contains("not without the flag"), sentence);
    assertTrue(sentence.contains("start java with --enable-preview"), sentence);
  }

  private static String sentence(Class<?> scopes) {
    return assertThrows(
            IllegalStateException.class, () -> JdkCheck.run(() -> ScopeBinding.of(scopes)))
        .getMessage();
  }
}
