package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.admin.threads.ThreadTree;
import io.plainweave.fuzz.support.Allocation;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Keys;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A dump of threads, in JSON")
@ExtendWith(Leftovers.class)
class ThreadDumpFuzzTest {
  private static final Path FUZZED = Keys.file(".json", new byte[0]);

  @FuzzTest
  void isReadAndShown(byte[] data) throws IOException {
    var input = new Input(data);
    int most = input.oneOf(0, 1, 20);
    Files.write(FUZZED, input.bytes());
    Allocation.atMost(
        2 * 1024 * 1024 + 4096L * input.size(),
        () ->
            Outcome.of(seen -> seen.accept(ThreadTree.read(FUZZED).text(most)), IOException.class));
  }
}
