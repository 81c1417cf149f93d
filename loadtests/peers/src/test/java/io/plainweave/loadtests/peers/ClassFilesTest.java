package io.plainweave.loadtests.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Here, because this module is built last. */
@DisplayName("The class files of all modules")
@Timeout(30)
class ClassFilesTest {
  private static final Path REPOSITORY = Path.of("").toAbsolutePath().resolve("../..").normalize();
  private static final Pattern MODULE = Pattern.compile("<module>(.*)</module>");

  /** JVMS 4.1. A minor version would be the mark of a preview feature. */
  private record Version(int major, int minor) {
    private static final Version JAVA_25 = new Version(69, 0);

    static Version of(Path classFile) {
      try (var in = new DataInputStream(Files.newInputStream(classFile))) {
        in.readInt(); // magic
        int minor = in.readUnsignedShort();
        return new Version(in.readUnsignedShort(), minor);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void areLoadedByEachJdkFromTwentyFiveOnWithoutAFlag() throws IOException {
    List<Path> modules =
        MODULE
            .matcher(Files.readString(REPOSITORY.resolve("pom.xml")))
            .results()
            .map((MatchResult found) -> REPOSITORY.resolve(found.group(1)).resolve("target"))
            .filter(Files::isDirectory) // where this module alone is built, others are missing
            .toList();
    for (Path target : modules) {
      List<Path> classFiles = classFiles(target);
      assertFalse(classFiles.isEmpty(), "no class files in " + target);
      assertEquals(
          List.of(),
          classFiles.stream().filter(file -> !Version.of(file).equals(Version.JAVA_25)).toList());
    }
  }

  private static List<Path> classFiles(Path target) throws IOException {
    try (Stream<Path> files = Files.walk(target.resolve("classes"))) {
      return files
          .filter(file -> file.toString().endsWith(".class"))
          // The build says why it is of an older version.
          .filter(file -> !file.endsWith("module-info.class"))
          .toList();
    }
  }
}
