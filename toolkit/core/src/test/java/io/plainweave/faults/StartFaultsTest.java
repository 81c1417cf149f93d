package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A program that cannot serve says why, and ends, if")
@Tag("machine")
@Timeout(60)
class StartFaultsTest {
  /** Runs {@link ServeMain}, which is to fail, and returns what it has printed. */
  private static String printed(List<String> prefix, List<String> flags, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(JavaProgram.command(ServeMain.class, flags));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      assertEquals(1, process.exitValue(), printed);
      assertFalse(printed.contains("listening on"), printed);
      assertFalse(printed.contains("\tat "), printed);
      return printed;
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void itHasNoPrivilegeForThePort() throws Exception {
    Machine.needsProc();
    Machine.needsRoot("setpriv");
    List<String> withoutIt = List.of("setpriv", "--bounding-set", "-net_bind_service");
    String printed = printed(withoutIt, List.of(), "127.0.0.1:80");
    assertTrue(printed.contains("CAP_NET_BIND_SERVICE"), printed);
    assertFalse(printed.contains("stop the program"), printed);
  }

  @Test
  void noVirtualThreadCanWaitForASocket() throws Exception {
    String printed = printed(List.of(), List.of("-Djdk.pollerMode=9"));
    assertTrue(printed.contains("no virtual thread can wait for a socket"), printed);
  }
}
