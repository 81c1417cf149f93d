package io.plainweave.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What the pages of {@code toolkit/docs} have in common. Their Java is part of a test or of a
 * program that a test runs, so that it compiles and does what the page says: between {@code shown:
 * begin} and {@code shown: end}, or a region of a snippet. {@link ProgramsTest} runs what is a
 * whole program.
 */
@DisplayName("The pages of the guide")
@Timeout(60)
class PagesTest {
  /** Where a page of the guide may take its code from. */
  private static final List<String> SOURCES =
      List.of(
          "toolkit/core/src/test/java",
          "toolkit/admin/src/test/java",
          "toolkit/testing/src/test/java",
          "toolkit/micrometer/src/test/java",
          "toolkit/logging/src/test/java",
          "samples/embedding/src/main/java",
          "loadtests/peers/src/test/java");

  /** Whole files: each is compiled and run where it lies. */
  private static final List<String> PROGRAMS =
      List.of("samples", "toolkit/archetype/src/main/resources/archetype-resources/src");

  private static final Pattern SHOWN =
      Pattern.compile(
          "^ *// shown: begin[^\n]*\n(.*?)^ *// shown: end\n", Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern REGION =
      Pattern.compile(
          "// @start region=\"([\\w-]+)\"\n(.*?)// @end(?: region=\"\\1\")?\n", Pattern.DOTALL);

  /** What a snippet says of itself; the ports of tests are free ones. */
  private static final Pattern MARKUP = Pattern.compile("// @.*\n");

  private static final Pattern PORT = Pattern.compile(", (7000|9900)\\)");

  /**
   * Go and Erlang are shown beside ours, and compiled nowhere; Kotlin is that of {@code
   * samples/embedding}, whose test compares it.
   */
  private static final Set<String> LANGUAGES =
      Set.of(
          "java",
          "xml",
          "console",
          "console varies",
          "dockerfile",
          "go",
          "erlang",
          "kotlin",
          "text",
          "sh");

  private static final List<String> SHOWN_CODE = new ArrayList<>();
  private static final List<String> CODE = new ArrayList<>();

  @BeforeAll
  static void readTheSources() throws IOException {
    for (String folder : SOURCES) {
      for (Path file : below(folder, 20)) {
        String source = Files.readString(file);
        SHOWN.matcher(source).results().forEach(code -> SHOWN_CODE.add(squeeze(code.group(1))));
        REGION.matcher(source).results().forEach(code -> CODE.add(squeeze(code.group(2))));
      }
    }
    CODE.addAll(SHOWN_CODE);
    for (String folder : PROGRAMS) {
      for (Path file : below(folder, folder.equals("samples") ? 1 : 20)) {
        CODE.add(squeeze(Files.readString(file)));
      }
    }
  }

  private static List<Path> below(String folder, int depth) throws IOException {
    try (Stream<Path> files = Files.walk(Page.ROOT.resolve(folder), depth)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    }
  }

  private static String squeeze(String code) {
    String plain = PORT.matcher(MARKUP.matcher(code).replaceAll("")).replaceAll(", 0)");
    return plain.replaceAll("\\s+", " ").strip();
  }

  private static boolean isProgram(Page.Block block) {
    return block.code().contains("void main(");
  }

  @Test
  void showJavaThatIsRunByATest() throws IOException {
    List<String> unknown = new ArrayList<>();
    int shown = 0;
    for (Page page : Page.guide()) {
      for (Page.Block block : page.blocks()) {
        if (block.language().equals("java") && !isProgram(block)) {
          String code = squeeze(block.code());
          shown++;
          if (CODE.stream().noneMatch(known -> known.contains(code))) {
            unknown.add(page + ": " + block.code());
          }
        }
      }
    }
    assertEquals(List.of(), unknown);
    assertTrue(shown > 80, "blocks: " + shown);
  }

  @Test
  void showAllThatTestsHaveForThem() throws IOException {
    String shown =
        Stream.concat(Page.guide().stream(), Stream.of(Page.of(Page.ROOT.resolve("README.md"))))
            .map(page -> squeeze(page.text()))
            .reduce("", String::concat);
    assertEquals(List.of(), SHOWN_CODE.stream().filter(code -> !shown.contains(code)).toList());
  }

  @Test
  void haveBlocksInLanguagesThatAreKnown() throws IOException {
    Set<String> unknown = new TreeSet<>();
    for (Page page : Page.guide()) {
      for (Page.Block block : page.blocks()) {
        if (!LANGUAGES.contains(block.language())) {
          unknown.add(page + ": " + block.language());
        }
      }
    }
    assertEquals(Set.of(), unknown);
  }

  @Test
  void andAllOtherDocumentsLinkToWhatThereIs() throws IOException {
    Set<String> broken = new TreeSet<>();
    int followed = 0;
    for (Page page : Page.all()) {
      for (String link : page.links()) {
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? page.file() : page.file().resolveSibling(parts[0]);
        followed++;
        if (!Files.exists(target)) {
          broken.add(page + " -> " + link);
        } else if (parts.length == 2
            && target.toString().endsWith(".md")
            && !Page.of(target).anchors().contains(parts[1])) {
          broken.add(page + " -> " + link + " (no such heading)");
        }
      }
    }
    assertEquals(Set.of(), broken);
    assertTrue(followed > 150, "links: " + followed);
  }

  @Test
  void areAllReachedFromTheContents() throws IOException {
    Page contents = Page.of(Page.GUIDE.resolve("README.md"));
    Set<Path> linked = new TreeSet<>();
    for (Page page : List.of(contents, Page.of(Page.GUIDE.resolve("decisions/README.md")))) {
      for (String link : page.links()) {
        linked.add(page.file().resolveSibling(link.replaceAll("#.*", "")).normalize());
      }
    }
    linked.add(contents.file());
    List<Path> missing =
        Page.guide().stream().map(Page::file).filter(file -> !linked.contains(file)).toList();
    assertEquals(List.of(), missing);
  }

  /** Each page of the site is in its list, and the list names no other. */
  @Test
  void standInTheListOfTheSite() throws IOException {
    String config = Files.readString(Page.GUIDE.resolve("site/.vitepress/config.mts"));
    try (Stream<Path> files = Files.list(Page.GUIDE)) {
      for (Path file : files.filter(it -> it.toString().endsWith(".md")).toList()) {
        String name = file.getFileName().toString().replace(".md", "");
        assertTrue(name.equals("README") || config.contains("'" + name + "'"), name);
      }
    }
  }

  @Test
  void areBuiltFromPackagesThatAreLockedWithoutTheNameOfARegistry() throws IOException {
    String lock = Files.readString(Page.GUIDE.resolve("site/package-lock.json"));
    assertTrue(lock.contains("\"integrity\""));
    assertFalse(lock.contains("\"resolved\""));
  }
}
