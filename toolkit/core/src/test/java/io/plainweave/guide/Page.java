package io.plainweave.guide;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A document in Markdown: its blocks of code, its headings, its links. */
record Page(Path file, String text) {
  static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  static final Path GUIDE = ROOT.resolve("toolkit/docs");

  /** Code between two fences; the language is all that is behind the first one. */
  record Block(String language, String code) {}

  private static final Pattern FENCED =
      Pattern.compile("^```([^\n]*)\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern INDENTED = Pattern.compile("^ {4}.*$", Pattern.MULTILINE);
  private static final Pattern CODE = Pattern.compile("`[^`\n]*`");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("^#+ +(.*)$", Pattern.MULTILINE);

  static Page of(Path file) {
    try {
      return new Page(file, Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The pages of the guide, those in its folders included. */
  static List<Page> guide() throws IOException {
    return below(GUIDE);
  }

  /** All documents of the repository, those that were made or installed excluded. */
  static List<Page> all() throws IOException {
    return below(ROOT);
  }

  private static List<Page> below(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !file.toString().matches(".*/(target|node_modules|\\.git)/.*"))
          .sorted()
          .map(Page::of)
          .toList();
    }
  }

  List<Block> blocks() {
    return FENCED
        .matcher(text)
        .results()
        .map((MatchResult block) -> new Block(block.group(1), block.group(2)))
        .toList();
  }

  private String prose() {
    String withoutBlocks = FENCED.matcher(text).replaceAll("");
    return INDENTED.matcher(withoutBlocks).replaceAll("");
  }

  /** Where it links to, within the repository: a path, an anchor, or both. */
  List<String> links() {
    return LINK.matcher(CODE.matcher(prose()).replaceAll("code"))
        .results()
        .map(link -> link.group(1))
        .filter(link -> !link.matches("[a-z]+:.*"))
        .toList();
  }

  /** The anchors that forges and the site make of its headings. */
  Set<String> anchors() {
    Set<String> anchors = new HashSet<>();
    for (MatchResult heading : HEADING.matcher(prose()).results().toList()) {
      String anchor =
          heading
              .group(1)
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N}\\-_ ]", "")
              .replace(' ', '-');
      String unique = anchor;
      for (int i = 1; !anchors.add(unique); i++) {
        unique = anchor + "-" + i;
      }
    }
    return anchors;
  }

  /** Shown in messages. */
  @Override
  public String toString() {
    return ROOT.relativize(file.toAbsolutePath().normalize()).toString();
  }
}
