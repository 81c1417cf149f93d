package io.plainweave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.plainweave.server.Server;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The public API as text, so that each change of it is seen in the diff: {@code -Dapi.write=true}
 * writes the file anew.
 */
@DisplayName("The public API")
class PublicApiTest {
  private static final Path FILE = Path.of("api", "plainweave.api");

  @Test
  void isThatOfTheFile() throws Exception {
    String api = api();
    if (Boolean.getBoolean("api.write")) {
      Files.createDirectories(FILE.getParent());
      Files.writeString(FILE, api);
    }
    assertEquals(
        Files.readString(FILE),
        api,
        "the public API has changed; if that is meant: mvn -pl toolkit/core test"
            + " -Dtest=PublicApiTest -Dapi.write=true");
  }

  @Test
  void namesNoTypeThatIsNotExported() throws Exception {
    List<String> hidden =
        api()
            .lines()
            .filter(line -> line.matches(".*io\\.plainweave\\.(internal|kernel|text)\\..*"))
            .toList();
    assertEquals(List.of(), hidden);
    assertFalse(api().isEmpty());
  }

  private static String api() throws Exception {
    Path classes =
        Path.of(Server.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> names = new ArrayList<>();
    for (String room : exported(classes)) {
      try (Stream<Path> files = Files.list(classes.resolve(room.replace('.', '/')))) {
        files
            .map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith(".class") && !name.equals("package-info.class"))
            .map(name -> room + "." + name.replace(".class", ""))
            .filter(PublicApiTest::isPublic)
            .forEach(names::add);
      }
    }
    names.sort(null);
    var text = new StringWriter();
    var writer = new PrintWriter(text);
    List<String> arguments = new ArrayList<>(List.of("-protected", "-cp", classes.toString()));
    arguments.addAll(names);
    ToolProvider javap = ToolProvider.findFirst("javap").orElseThrow();
    assertEquals(0, javap.run(writer, writer, arguments.toArray(String[]::new)), text::toString);
    // A compiler may add what no source has.
    return text.toString().replaceAll("Compiled from .*\n", "").replace("java.lang.", "");
  }

  private static List<String> exported(Path classes) throws IOException {
    try (var file = Files.newInputStream(classes.resolve("module-info.class"))) {
      return ModuleDescriptor.read(file).exports().stream()
          .filter(export -> !export.isQualified())
          .map(ModuleDescriptor.Exports::source)
          .sorted()
          .toList();
    }
  }

  /** Whether it can be named outside, as can all classes around it. */
  private static boolean isPublic(String name) {
    try {
      for (Class<?> type = Class.forName(name, false, PublicApiTest.class.getClassLoader());
          type != null;
          type = type.getEnclosingClass()) {
        if (!Modifier.isPublic(type.getModifiers())
            || type.isAnonymousClass()
            || type.isLocalClass()) {
          return false;
        }
      }
      return true;
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }
}
