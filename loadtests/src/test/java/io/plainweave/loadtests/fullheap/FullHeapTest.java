package io.plainweave.loadtests.fullheap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;

/**
 * One server; all collectors, event loops and many rounds are for the command. On event loops a
 * round fails now and then, for which decision 0016 has the reason.
 */
@DisplayName("A server whose heap was full")
@Timeout(120)
final class FullHeapTest {
  @Test
  void servesAgainWithNothingLost() {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine commandLine =
        Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));

    int exit =
        commandLine.execute(
            "full-heap", "--rounds", "1", "--kinds", "serial", "--full", "2s", "--within", "20s");

    assertEquals(0, exit, () -> out + "\n" + err);
    assertTrue(out.toString().contains("serial"), out::toString);
  }
}
