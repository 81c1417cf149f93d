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

@DisplayName("The sample of several protocols on one port")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class OnePortTest {
  @TempDir static Path folder;

  @Test
  void answersTheClientsOfItsHeader() throws Exception {
    Programs.need("curl", "openssl", "socat");
    SampleHeader header = SampleHeader.of("OnePort");
    header.prepare(folder);
    try (SampleProcess onePort = SampleProcess.start(folder, "OnePort", "one.pem", "0")) {
      assertEquals(
          List.of("by HTTP\n", "by HTTPS\n", "hello\n", "hello\n"),
          header.ask(folder, onePort.port()));
      assertEquals("", onePort.process().stderr());
    }
  }
}
