package io.plainweave.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Programs of the system that tests call. */
final class Programs {
  private Programs() {}

  /** Skips the test where a program is missing, but not in a CI run. */
  static void need(String program) {
    boolean found =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    assertTrue(found || !"true".equals(System.getenv("CI")), "there is no " + program);
    assumeTrue(found, "there is no " + program);
  }

  /** What curl prints. */
  static String curl(String... arguments) throws IOException, InterruptedException {
    need("curl");
    List<String> command = new ArrayList<>(List.of("curl", "-sS", "--max-time", "20"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), () -> String.join(" ", command) + ": " + output);
    return output;
  }

  /** The status and the body that curl gets, for example {@code 200 live}. */
  static String status(String... arguments) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("-w", "%{http_code}"));
    all.addAll(List.of(arguments));
    String output = curl(all.toArray(String[]::new));
    int code = output.length() - 3;
    return output.substring(code) + " " + output.substring(0, code).strip();
  }
}
