package io.plainweave.internal.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A failure that is logged")
class LoggedFailureTest {
  private static String printed(Throwable failure) {
    var text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  @Test
  void isItselfWhereEachMessageIsOneLine() {
    var failure = new IOException("fine", new IllegalStateException());
    failure.addSuppressed(new IOException("fine, too", failure));
    assertSame(failure, LoggedFailure.of(failure));
  }

  @Test
  void hasItsClassItsStackTraceAndItsMessageInOneLine() {
    var failure = new NumberFormatException("for \"7\nERROR\"");
    Throwable logged = LoggedFailure.of(failure);
    assertEquals("java.lang.NumberFormatException: for \"7\\nERROR\"", logged.getMessage());
    assertArrayEquals(failure.getStackTrace(), logged.getStackTrace());
    assertEquals(
        printed(new NumberFormatException("x")).lines().count(), printed(logged).lines().count());
  }

  @Test
  void hasItsCausesAndWhatIsSuppressedInOneLineEach() {
    var behind = new IOException("suppressed\r");
    behind.addSuppressed(new IOException("deep\u2028"));
    var failure = new RuntimeException("fine", new IOException("cause\u001b[2J"));
    failure.getCause().addSuppressed(behind);
    String printed = printed(LoggedFailure.of(failure));
    for (String line :
        new String[] {
          "java.lang.RuntimeException: fine\n",
          "Caused by: java.io.IOException: cause\\u001b[2J\n",
          "\tSuppressed: java.io.IOException: suppressed\\r\n",
          "\t\tSuppressed: java.io.IOException: deep\\u2028\n"
        }) {
      assertTrue(printed.contains(line), printed);
    }
  }

  @Test
  void mayBeItsOwnCause() {
    var first = new IOException("first\n");
    first.initCause(new IOException("second", first));
    Throwable logged = LoggedFailure.of(first);
    assertEquals("java.io.IOException: second", logged.getCause().getMessage());
    assertSame(logged, logged.getCause().getCause());
  }

  @Test
  void mayHaveNoMessageToGive() {
    var failure =
        new RuntimeException() {
          @Override
          public String getMessage() {
            throw new UnsupportedOperationException("never");
          }
        };
    String name = failure.getClass().getName();
    assertEquals(
        name + " (java.lang.UnsupportedOperationException)", LoggedFailure.of(failure).toString());
  }

  @Test
  void doesNotFillTheLog() {
    String message = LoggedFailure.of(new IOException("x".repeat(1_000_000))).getMessage();
    assertTrue(message.endsWith("xxx..."), message);
    assertTrue(message.length() < 2_100, message);
  }
}
