package io.plainweave.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

@DisplayName("The benchmarks")
class BenchmarksTest {
  @Test
  void runOnceEach() throws RunnerException {
    Options once =
        new OptionsBuilder()
            .forks(0)
            .warmupIterations(0)
            .measurementIterations(1)
            .measurementTime(TimeValue.milliseconds(1))
            .param("connections", "100")
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .build();

    Set<String> ran =
        new Runner(once)
            .run().stream()
                .map(result -> result.getParams().getBenchmark())
                .collect(Collectors.toSet());

    assertEquals(
        benchmarksIn(
            AdmissionBenchmark.class,
            ForkBenchmark.class,
            FramingBenchmark.class,
            ReaperBenchmark.class,
            ScopeBenchmark.class),
        ran);
  }

  private static Set<String> benchmarksIn(Class<?>... classes) {
    return Stream.of(classes)
        .flatMap(type -> Arrays.stream(type.getMethods()))
        .filter(method -> method.isAnnotationPresent(Benchmark.class))
        .map(BenchmarksTest::nameOf)
        .collect(Collectors.toSet());
  }

  private static String nameOf(Method method) {
    return method.getDeclaringClass().getName() + "." + method.getName();
  }

  @Test
  void sayWhichNameNoneOfThemHas() {
    assertRefused("no benchmark matches Foo", "Foo");
  }

  @Test
  void sayWhichOptionThereIsNot() {
    assertRefused("nonsense is not a recognized option", "--nonsense");
  }

  @Test
  void acceptWhatJmhAccepts() {
    var err = new ByteArrayOutputStream();
    assertTrue(check(err, "Framing", "-f", "0", "-prof", "gc"));
    assertEquals("", err.toString(StandardCharsets.UTF_8));
  }

  private static void assertRefused(String sentence, String... args) {
    var err = new ByteArrayOutputStream();
    assertFalse(check(err, args));
    String said = err.toString(StandardCharsets.UTF_8);
    assertTrue(said.startsWith(sentence), said);
    assertTrue(said.contains("usage: loadtests/run benchmarks"), said);
  }

  private static boolean check(ByteArrayOutputStream err, String... args) {
    return Benchmarks.check(args, new PrintStream(err, true, StandardCharsets.UTF_8));
  }
}
