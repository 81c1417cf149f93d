package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The echo sample at a path")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class UnixEchoTest {
  private static final int SIGTERM = 128 + 15;

  @TempDir static Path folder;

  @Test
  void answersTheClientsOfItsHeaderAndRemovesItsSocketAtTheEnd() throws Exception {
    Programs.need("nc", "socat");
    Path socket = folder.resolve("echo.sock");
    try (SampleProcess echo = SampleProcess.start(folder, "UnixEcho", "unix:" + socket)) {
      assertEquals(List.of("hello\n", "hello\n"), SampleHeader.of("UnixEcho").ask(folder, socket));
      assertEquals("", echo.process().stderr());
      echo.process().signal("TERM");
      assertEquals(SIGTERM, echo.process().exitCode());
      assertFalse(Files.exists(socket), "the socket is left");
    }
  }
}
