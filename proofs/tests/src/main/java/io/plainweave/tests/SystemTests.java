package io.plainweave.tests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs classes of tests, in a JVM of an {@link Environment}. What comes of each test is a line on
 * the standard output, which needs no file that can be written: {@link SystemRun} reads it.
 */
final class SystemTests implements TestExecutionListener {
  /** What a line of ours begins with, among those of the tests. */
  static final String MARK = "@@ ";

  static final String BEGUN = "begun";
  static final String PASSED = "passed";
  static final String FAILED = "failed";
  static final String SKIPPED = "skipped";
  static final String CLASS_ENDED = "class";
  static final String ENDED = "ended";

  /** Those that have begun, for a container that fails: its tests never do. */
  private final ConcurrentHashMap<String, Boolean> begun = new ConcurrentHashMap<>();

  private SystemTests() {}

  /**
   * Runs the classes that a file names, one a line, without those that have one of the tags.
   *
   * @param args the file, and the tags
   */
  public static void main(String... args) throws Exception {
    var builder = LauncherDiscoveryRequestBuilder.request();
    for (String name : Files.readAllLines(Path.of(args[0]))) {
      builder.selectors(DiscoverySelectors.selectClass(name));
    }
    String[] tags = new String[args.length - 1];
    System.arraycopy(args, 1, tags, 0, tags.length);
    builder.filters(TagFilter.excludeTags(tags));
    builder.configurationParameter("junit.jupiter.execution.timeout.default", "120 s");
    LauncherFactory.create().execute(builder.build(), new SystemTests());
    say(ENDED, "");
    System.exit(0);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    if (test.isTest()) {
      begun.put(test.getUniqueId(), true);
      say(BEGUN, name(test));
    }
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    say(SKIPPED, name(test) + ": " + reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    String failure = result.getThrowable().map(SystemTests::inOneLine).orElse("");
    switch (result.getStatus()) {
      case ABORTED -> say(SKIPPED, name(test) + ": " + failure);
      case FAILED -> {
        say(FAILED, name(test) + ": " + failure);
        result.getThrowable().ifPresent(e -> e.printStackTrace(System.out));
      }
      case SUCCESSFUL -> {
        if (test.isTest()) {
          say(PASSED, name(test));
        }
      }
    }
    if (test.getSource().orElse(null) instanceof ClassSource) {
      say(CLASS_ENDED, name(test));
    }
  }

  private static String name(TestIdentifier test) {
    return switch (test.getSource().orElse(null)) {
      case MethodSource method ->
          simple(method.getClassName())
              + "#"
              + method.getMethodName()
              + (test.getDisplayName().startsWith("[") ? test.getDisplayName() : "");
      case ClassSource type -> simple(type.getClassName());
      case null, default -> test.getDisplayName();
    };
  }

  private static String simple(String className) {
    return className.substring(className.lastIndexOf('.') + 1);
  }

  private static String inOneLine(Throwable thrown) {
    String text =
        thrown.toString().lines().map(String::strip).limit(3).collect(Collectors.joining(" "));
    return text.length() > 240 ? text.substring(0, 240) + " ..." : text;
  }

  private static void say(String what, String text) {
    // In one call: threads of tests print as well.
    System.out.print("\n" + MARK + what + " " + text.replace('\n', ' ') + "\n");
    System.out.flush();
  }
}
