package io.plainweave.fuzz.command;

import io.plainweave.fuzz.ClientHelloFuzzTest;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The targets by their names, which are those of their classes: Lines for LinesFuzzTest. */
final class Targets {
  private static final String SUFFIX = "FuzzTest";

  private Targets() {}

  /** All of them, in the order of the alphabet. */
  static List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(SUFFIX + ".class"))
          .map(name -> name.substring(0, name.indexOf(SUFFIX)))
          .sorted()
          .toList();
    }
  }

  static Class<?> named(String name) throws ClassNotFoundException {
    return Class.forName(ClientHelloFuzzTest.class.getPackageName() + "." + name + SUFFIX);
  }

  static String nameOf(Class<?> target) {
    return target.getSimpleName().replace(SUFFIX, "");
  }

  private static Path folder() {
    try {
      return Path.of(ClientHelloFuzzTest.class.getResource("ClientHelloFuzzTest.class").toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
