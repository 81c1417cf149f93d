package io.plainweave.fuzz.command;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The inputs of a target: those that are kept with the tests, and those that the fuzzer has made.
 */
final class Corpus {
  /** An input that is longer is for people to keep. */
  private static final long LONGEST = 2_000;

  private final Path home;
  private final Class<?> target;
  private final Path kept;
  private final Path made;

  Corpus(Path home, Class<?> target) {
    this.home = home;
    this.target = target;
    String method =
        Arrays.stream(target.getDeclaredMethods())
            .filter(m -> m.isAnnotationPresent(FuzzTest.class))
            .map(Method::getName)
            .findFirst()
            .orElseThrow();
    this.kept =
        home.resolve("src/test/resources")
            .resolve(target.getName().replace('.', '/') + "Inputs")
            .resolve(method);
    this.made = home.resolve(".cifuzz-corpus").resolve(target.getName()).resolve(method);
  }

  /**
   * Keeps inputs that take an edge which none of those that are kept takes.
   *
   * @return how many
   */
  int keepWhatReachesFurther(Path log) throws IOException, InterruptedException {
    if (!Files.isDirectory(made)) {
      return 0;
    }
    Files.createDirectories(kept);
    List<Path> before = files(kept);
    Run.of(
        target,
        home,
        log,
        "-merge=1",
        "-use_counters=0",
        "-max_len=" + LONGEST,
        kept.toString(),
        made.toString());
    List<Path> after = files(kept);
    return after.size() - before.size();
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
