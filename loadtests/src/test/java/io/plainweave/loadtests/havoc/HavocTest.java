package io.plainweave.loadtests.havoc;

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

/**
 * One short round, with blows that take neither root nor a program; all of them, and minutes, are
 * for the command.
 */
@DisplayName("Havoc")
@Timeout(240)
final class HavocTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int havoc(String... more) {
    CommandLine commandLine =
        Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "havoc",
                "--for",
                "1ms",
                "--round",
                "3s",
                "--kinds",
                "LOOPS",
                "--seed",
                "7",
                "--blows",
                "INTERRUPT_CLIENT,INTERRUPT_HANDLER,END_BY_OPERATOR,RESET_BY_OPERATOR,"
                    + "RESET_BY_CLIENT,CUT_BY_CLIENT,RESET_OUTBOUND,SWAP_CERTIFICATE"));
    arguments.addAll(Arrays.asList(more));
    return commandLine.execute(arguments.toArray(String[]::new));
  }

  private String said() {
    return out + "\n" + err;
  }

  @Test
  @Tag("slow")
  void harmsNobodyAtWhomItDoesNotAimAndLeavesNothingBehind() {
    assertEquals(0, havoc(), this::said);

    assertTrue(out.toString().contains("seed 7"), this::said);
    assertTrue(out.toString().contains("left out: not asked for"), this::said);
    assertTrue(out.toString().contains("held: all connections"), this::said);
  }

  @Test
  @Tag("slow")
  void findsAWrongByte() {
    findsWhatAServerDoesWrong("WRONG_BYTE", "got wrong bytes");
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({
    "DESCRIPTOR, descriptors:",
    "STUCK, does not get on",
    "TOLD_TWICE, closedTwice: 1 in place of 0"
  })
  void findsWhatAServerDoesWrong(String defect, String found) {
    assertEquals(1, havoc("--defect", defect, "--patience", "3s"), this::said);

    assertTrue(out.toString().contains("failed: round 1: "), this::said);
    assertTrue(out.toString().contains(found), this::said);
  }
}
