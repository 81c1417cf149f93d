package io.plainweave.loadtests.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Few connections; millions are for the command. */
@DisplayName("A soak")
@Timeout(120)
final class SoakTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int soak(String... more) {
    CommandLine commandLine =
        Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> arguments =
        new ArrayList<>(List.of("soak", "-n", "4000", "--warm-up", "1000", "--sample-each", "300"));
    arguments.addAll(Arrays.asList(more));
    return commandLine.execute(arguments.toArray(String[]::new));
  }

  private String said() {
    return out + "\n" + err;
  }

  @Test
  @Tag("slow")
  void ofAServerThatLosesNothingHolds() {
    assertEquals(0, soak(), this::said);

    assertTrue(out.toString().contains("held: nothing leaks"), this::said);
  }

  @Test
  void findsDescriptorsThatAHandlerKeeps() {
    findsWhatAHandlerKeeps("DESCRIPTOR", "100", "descriptors");
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"HEAP, 1, live heap", "NATIVE, 2, native memory", "THREAD, 100, threads"})
  void findsWhatAHandlerKeeps(String leak, String each, String quantity) {
    assertEquals(1, soak("--leak", leak, "--leak-each", each), this::said);

    assertTrue(out.toString().contains("failed: " + quantity + " leaks"), this::said);
  }
}
