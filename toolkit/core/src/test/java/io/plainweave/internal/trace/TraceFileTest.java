package io.plainweave.internal.trace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The file of a trace")
class TraceFileTest {
  @Test
  void isReadByNobodyElse(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("trace");
    TraceFile.create(file).close();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void asksForNoPermissionsWhereFilesHaveNone(@TempDir Path folder) throws Exception {
    try (var zip = FileSystems.newFileSystem(folder.resolve("z.zip"), Map.of("create", "true"))) {
      assertArrayEquals(new FileAttribute<?>[0], TraceFile.onlyForUs(zip));
    }
  }
}
