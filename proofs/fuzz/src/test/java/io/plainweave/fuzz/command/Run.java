package io.plainweave.fuzz.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One target in a process of its own, and what libFuzzer says of it.
 *
 * @param runs how many inputs were tried
 * @param perSecond how many of them in a second
 * @param coverage how many edges of the code under test were taken
 * @param features how many ways of taking them, which is what the corpus is for
 * @param inputs how many inputs are in the corpus
 * @param finding the first line of what was found; empty for nothing
 * @param rest the lines behind it, and where the input lies
 * @param exitCode of the process
 */
record Run(
    long runs,
    long perSecond,
    int coverage,
    int features,
    int inputs,
    String finding,
    List<String> rest,
    int exitCode) {
  /** What is instrumented: the toolkit and the samples, not the targets. */
  private static final String INSTRUMENTED =
      "io.plainweave.**:Dns*:Http*:Mqtt*:Redis*:Socks5*:WebSocket*";

  private static final String NOT_INSTRUMENTED =
      "io.plainweave.fuzz.support.**:io.plainweave.fuzz.*";

  /** What Jazzer looks for in programs on the Web: files, other servers, commands. */
  private static final String SANITIZERS =
      Stream.of(
              "BigDecimal",
              "ClojureLangHooks",
              "Deserialization",
              "ExpressionLanguageInjection",
              "FilePathTraversal",
              "LdapInjection",
              "NamingContextLookup",
              "OsCommandInjection",
              "ReflectiveCall",
              "RegexInjection",
              "ScriptEngineInjection",
              "ServerSideRequestForgery",
              "SqlInjection",
              "TemplateInjection",
              "UnsafeSanitizer",
              "XPathInjection",
              "XmlParserSsrfGuidance")
          .map("com.code_intelligence.jazzer.sanitizers."::concat)
          .collect(Collectors.joining(":"));

  private static final Pattern PROGRESS =
      Pattern.compile("#(\\d+)\\t.*cov: (\\d+) ft: (\\d+) corp: (\\d+)/\\S+ .*");

  private static final Pattern SPEED = Pattern.compile("stat::average_exec_per_sec: +(\\d+)");

  private static final Pattern FINDING =
      Pattern.compile("== Java (?:Exception|Assertion Error): (.*)|(ERROR: libFuzzer: .*)");

  private static final int MOST_LINES = 12;

  /**
   * Runs a target to its end.
   *
   * @param folder the working directory, where its corpus is and what it finds is kept
   * @param log where all goes that the process says
   * @param options of libFuzzer
   */
  static Run of(Class<?> target, Path folder, Path log, String... options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx600m",
                "-Xshare:off",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+EnableDynamicAgentLoading",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.getName(),
                "--instrumentation_includes=" + INSTRUMENTED,
                "--instrumentation_excludes=" + NOT_INSTRUMENTED,
                "--disabled_hooks=" + SANITIZERS,
                "-print_final_stats=1",
                "-timeout=20"));
    command.addAll(List.of(options));
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      int exitCode = process.waitFor();
      return read(log, exitCode);
    } finally {
      process.destroyForcibly();
    }
  }

  private static Run read(Path log, int exitCode) throws IOException {
    long[] numbers = new long[5];
    String finding = "";
    List<String> rest = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(log)) {
      for (String line; (line = lines.readLine()) != null; ) {
        Matcher progress = PROGRESS.matcher(line);
        Matcher speed = SPEED.matcher(line);
        Matcher found = FINDING.matcher(line);
        if (progress.matches()) {
          for (int i = 0; i < 4; i++) {
            numbers[i] = Long.parseLong(progress.group(i + 1));
          }
        } else if (speed.matches()) {
          numbers[4] = Long.parseLong(speed.group(1));
        } else if (found.lookingAt() && finding.isEmpty()) {
          finding = found.group(1) != null ? found.group(1) : found.group(2);
        } else if (isOfFinding(line, rest) && !finding.isEmpty()) {
          rest.add(line.replaceFirst(".*Test unit written to .*/", "the input: ").strip());
        }
      }
    }
    return new Run(
        numbers[0],
        numbers[4],
        (int) numbers[1],
        (int) numbers[2],
        (int) numbers[3],
        finding,
        rest,
        exitCode);
  }

  private static boolean isOfFinding(String line, List<String> rest) {
    return line.contains("Test unit written to")
        || (rest.size() < MOST_LINES
            && (line.startsWith("\tat ") || line.startsWith("Caused by: ")));
  }

  boolean hasFound() {
    return !finding.isEmpty() || exitCode != 0;
  }
}
