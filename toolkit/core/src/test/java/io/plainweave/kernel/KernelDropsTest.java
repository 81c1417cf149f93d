package io.plainweave.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("What the kernel has dropped")
@Timeout(10)
class KernelDropsTest {
  /** A directory is opened like a file, and fails when it is read: so might a table. */
  @Test
  void isNothingWhereTheTableFailsWhileItIsRead(@TempDir Path table) {
    assertEquals(0, KernelDrops.in(table, Set.of()));
  }
}
