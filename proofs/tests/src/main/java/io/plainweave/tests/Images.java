package io.plainweave.tests;

import java.io.IOException;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Makes images of the JDK by jlink, each once. */
final class Images {
  /**
   * For the tests: what Logback, JUnit and the tests themselves want; jcmd is one of the tests'.
   */
  private static final List<String> FOR_TESTS =
      List.of(
          "java.base",
          "java.logging",
          "java.management",
          "java.management.rmi",
          "java.naming",
          "java.xml",
          "jdk.charsets",
          "jdk.jcmd",
          "jdk.jfr",
          "jdk.zipfs");

  private final Path folder;
  private final Places places;
  private final Map<Environment.Runtime, List<String>> modules = new TreeMap<>();

  Images(Path folder, Places places) {
    this.folder = folder;
    this.places = places;
  }

  /** The program java of an image, which is made if it is not there. */
  Path java(Environment.Runtime runtime) throws IOException, InterruptedException {
    Path home = Path.of(System.getProperty("java.home"));
    if (runtime != Environment.Runtime.JDK) {
      Path image = folder.resolve(runtime.name());
      if (!Files.exists(image)) {
        link(image, runtime);
      }
      home = image;
    }
    return home.resolve("bin/java");
  }

  private void link(Path image, Environment.Runtime runtime)
      throws IOException, InterruptedException {
    List<String> asked =
        switch (runtime) {
          case IMAGE_WITHOUT_JDK_MODULES -> FOR_TESTS;
          case SMALLEST_IMAGE -> List.of("java.base", "java.management");
          case IMAGE_OF_THE_TOOLKIT -> required();
          case JDK -> throw new IllegalArgumentException("it is there");
        };
    Path log = places.log("systems-jlink");
    Files.createDirectories(log.getParent());
    Process jlink =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
                "--add-modules",
                String.join(",", asked),
                "--output",
                image.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (jlink.waitFor() != 0) {
      throw new IOException("jlink has failed: " + log);
    }
    modules.put(runtime, listed(image));
  }

  /** As the image itself says: with those that the asked ones require in turn. */
  private static List<String> listed(Path image) throws IOException {
    for (String line : Files.readAllLines(image.resolve("release"))) {
      if (line.startsWith("MODULES=")) {
        return List.of(line.substring("MODULES=".length()).replace("\"", "").split(" "));
      }
    }
    throw new IOException("no MODULES in " + image.resolve("release"));
  }

  /** What the module of the toolkit requires of the JDK, but for what it can do without. */
  private List<String> required() {
    return ModuleFinder.of(places.classes())
        .find("io.plainweave")
        .orElseThrow()
        .descriptor()
        .requires()
        .stream()
        .filter(each -> !each.modifiers().contains(Requires.Modifier.STATIC))
        .map(Requires::name)
        .filter(name -> name.startsWith("java.") || name.startsWith("jdk."))
        .sorted()
        .toList();
  }

  /** A line for each that was made, with its modules. */
  String told() {
    return modules.entrySet().stream()
        .map(each -> "image %s: %s%n".formatted(each.getKey(), String.join(",", each.getValue())))
        .collect(Collectors.joining());
  }
}
