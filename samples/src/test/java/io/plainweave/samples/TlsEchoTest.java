package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The echo sample by TLS")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class TlsEchoTest {
  @TempDir static Path folder;

  @Test
  void answersTheClientsOfItsHeaderWithTheCertificateMadeThere() throws Exception {
    Programs.need("openssl", "socat");
    SampleHeader header = SampleHeader.of("TlsEcho");
    header.prepare(folder);
    try (SampleProcess echo = SampleProcess.start(folder, "TlsEcho", "echo.pem", "0")) {
      assertEquals(List.of("hello\n", "hello\n"), header.ask(folder, echo.port()));
      assertEquals("", echo.process().stderr());
    }
  }
}
