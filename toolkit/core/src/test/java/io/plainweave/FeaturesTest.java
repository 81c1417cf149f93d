package io.plainweave;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Each class and method that the table of features names is in the file of the public API. */
@DisplayName("The table of features")
class FeaturesTest {
  private static final Path FILE = Path.of("..", "docs", "features.md");
  private static final Path API = Path.of("api", "plainweave.api");

  private static final Path TEST_KIT =
      Path.of("..", "testing", "src", "main", "java", "io", "plainweave", "testing");

  private static final int ITEMS = 120;

  /** A class, perhaps one within another, and perhaps what it has. */
  private static final Pattern NAME =
      Pattern.compile("`((?:[A-Z]\\w*\\.)*[A-Z]\\w*)(?:\\.([a-z]\\w*))?(?:\\([^`]*\\))?`");

  /** What the class before has as well. */
  private static final Pattern MEMBER = Pattern.compile("`([a-z]\\w*)`");

  private static final Pattern TYPE =
      Pattern.compile(".*?(?:class|interface) (io\\.plainweave\\.[\\w.$]+).*\\{");

  /** Names that are not ours, and stand in the table for what users know. */
  private static final Set<String> OTHERS = Set.of("net", "ss");

  @Test
  void hasTheWholeList() throws IOException {
    assertEquals(ITEMS, items().size());
  }

  @Test
  void namesWhatThereIs() throws IOException {
    Map<String, Set<String>> api = api();
    Set<String> unknown = new HashSet<>();
    for (String item : items()) {
      String carriedBy = item.split("\\|")[2];
      Matcher name = NAME.matcher(carriedBy);
      Set<String> known = new HashSet<>(OTHERS);
      while (name.find()) {
        Set<String> members = api.get(name.group(1));
        if (members == null) {
          unknown.add(name.group(1));
        } else {
          known.addAll(members);
          if (name.group(2) != null && !members.contains(name.group(2))) {
            unknown.add(name.group(1) + "." + name.group(2));
          }
        }
      }
      Matcher member = MEMBER.matcher(carriedBy);
      while (member.find()) {
        if (!known.contains(member.group(1))) {
          unknown.add(item + ": " + member.group(1));
        }
      }
    }
    assertEquals(Set.of(), unknown);
  }

  @Test
  void saysHowManyAreThere() throws IOException {
    Map<String, Integer> counts = new HashMap<>(Map.of("there", 0, "partly", 0, "not", 0));
    for (String item : items()) {
      counts.merge(answer(item.split("\\|")[2].strip()), 1, Integer::sum);
    }
    String line =
        "Of %d: %d are there, %d partly, %d not."
            .formatted(ITEMS, counts.get("there"), counts.get("partly"), counts.get("not"));
    assertTrue(Files.readAllLines(FILE).contains(line), line);
  }

  private static String answer(String carriedBy) {
    if (carriedBy.startsWith("no:") || carriedBy.startsWith("not yet")) {
      return "not";
    }
    return carriedBy.startsWith("partly:") ? "partly" : "there";
  }

  private static List<String> items() throws IOException {
    return Files.readAllLines(FILE).stream()
        .filter(line -> line.startsWith("| ") && !line.startsWith("| wanted"))
        .toList();
  }

  /** The same of the test kit, whose public classes are each a file. */
  private static Map<String, Set<String>> testKit() throws IOException {
    Map<String, Set<String>> all = new HashMap<>();
    try (Stream<Path> files = Files.list(TEST_KIT)) {
      for (Path file : files.toList()) {
        String source = Files.readString(file);
        String name = file.getFileName().toString().replace(".java", "");
        if (source.matches("(?s).*\\npublic [a-z ]*(class|interface|record) " + name + "\\b.*")) {
          all.put(
              name,
              Pattern.compile("\\n  public [^;={]*?([a-zA-Z]\\w*)\\(")
                  .matcher(source)
                  .results()
                  .map(found -> found.group(1))
                  .collect(toSet()));
        }
      }
    }
    return all;
  }

  /** The members of each class by its name without the package. */
  private static Map<String, Set<String>> api() throws IOException {
    Map<String, Set<String>> all = testKit();
    Set<String> members = new HashSet<>();
    for (String line : Files.readAllLines(API)) {
      Matcher type = TYPE.matcher(line);
      if (type.matches()) {
        members = new HashSet<>();
        String name = type.group(1).replaceAll("^(?:[a-z]\\w*\\.)+", "").replace('$', '.');
        all.put(name, members);
      } else {
        members.addAll(
            Pattern.compile("([a-zA-Z]\\w*)(?=\\(|;)")
                .matcher(line)
                .results()
                .map(found -> found.group(1))
                .collect(toSet()));
      }
    }
    return all;
  }
}
