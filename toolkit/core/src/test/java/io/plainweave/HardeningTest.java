package io.plainweave;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.messaging.OutboxLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What toolkit/docs/hardening.md, trust.md and testing.md say of defaults, tests and other
 * documents.
 */
@DisplayName("The page on hardening")
class HardeningTest {
  private static final Path ROOT = Path.of("../..");
  private static final Path PAGE = ROOT.resolve("toolkit/docs/hardening.md");

  private static String page() throws IOException {
    return Files.readString(PAGE);
  }

  /** Of the row that begins with these words. */
  private static String byDefault(String row) throws IOException {
    List<String> found = page().lines().filter(line -> line.startsWith("| " + row + " |")).toList();
    assertEquals(1, found.size(), row);
    return found.getFirst().split("\\|")[3].strip();
  }

  private static String seconds(Duration limit) {
    return limit.isZero() ? "none" : limit.toSeconds() + " s";
  }

  @Test
  void hasTheDefaultsOfTheLibrary() throws IOException {
    TimeLimits limits = TimeLimits.DEFAULT;
    assertEquals(
        seconds(limits.firstByte()) + ", " + seconds(limits.handshake()),
        byDefault("says nothing"));
    assertEquals(seconds(limits.message()) + ", none", byDefault("drips a message"));
    assertEquals(0, limits.minReceiveRate());
    assertEquals(seconds(limits.idle()), byDefault("says nothing more"));
    assertEquals(
        seconds(limits.silence()), byDefault("is kept busy by what we send, and is silent"));
    assertEquals(seconds(limits.writeStall()), byDefault("does not read"));
    assertEquals(
        seconds(limits.halfClosed()) + ", " + seconds(limits.linger()),
        byDefault("never closes behind us"));
    assertEquals(seconds(limits.lifetime()), byDefault("stays for ever"));
    OutboxLimits outbox = OutboxLimits.DEFAULT;
    assertEquals(
        "%,d messages, %d MiB".formatted(outbox.maxMessages(), outbox.maxBytes() >> 20),
        byDefault("is slower than what is pushed to it"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hardening.md", "trust.md", "testing.md"})
  void andItsNeighboursNameTestsAndDocumentsThatThereAre(String page) throws IOException {
    Path document = PAGE.resolveSibling(page);
    String text = Files.readString(document);
    Set<String> tests;
    try (Stream<Path> files =
        Stream.of("toolkit", "samples", "loadtests", "proofs")
            .map(ROOT::resolve)
            .flatMap(HardeningTest::testsIn)) {
      tests = files.map(file -> file.getFileName().toString()).collect(toSet());
    }
    Set<String> missing = new TreeSet<>();
    Pattern.compile("`(\\w+Test)`")
        .matcher(text)
        .results()
        .map(found -> found.group(1))
        .filter(name -> !tests.contains(name + ".java"))
        .forEach(missing::add);
    Pattern.compile("]\\(([^)#]+)[^)]*\\)")
        .matcher(text)
        .results()
        .map(found -> found.group(1))
        .filter(target -> !Files.exists(document.resolveSibling(target)))
        .forEach(missing::add);
    assertEquals(Set.of(), missing);
    assertTrue(tests.size() > 100);
  }

  private static Stream<Path> testsIn(Path folder) {
    try (Stream<Path> files =
        Files.find(
            folder,
            20,
            (file, _) ->
                file.toString().contains("/src/test/java/")
                    && file.toString().endsWith("Test.java"))) {
      return files.toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
