package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("README.md")
@Timeout(60)
class ReadmeTest {
  private static final Pattern COMMENT_LINES = Pattern.compile("^//.*\n", Pattern.MULTILINE);

  @TempDir static Path folder;

  @Test
  void showsTheCodeOfTheEchoSample() throws Exception {
    String sample = Files.readString(Checkout.original("samples/Echo.java"));
    List<String> shown = Readme.code("void main(");
    assertEquals(1, shown.size(), "programs in README.md");
    assertEquals(withoutComments(sample), withoutComments(shown.getFirst()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "samples/run Echo",
        "java @samples/run.args samples/Echo.java",
        "java --class-path"
      })
  @EnabledOnOs(OS.LINUX)
  void showsCommandsThatRunTheEchoSampleFromTheRoot(String beginning) throws Exception {
    ProcessBuilder builder = Checkout.in(folder).command(Readme.command(beginning, 0));
    try (SampleProcess echo = SampleProcess.listening(ChildProcess.start(folder, builder));
        Client client = Client.connect(echo.port())) {
      client.exchange("hello");
    }
  }

  private static String withoutComments(String code) {
    return COMMENT_LINES.matcher(code).replaceAll("").strip();
  }
}
