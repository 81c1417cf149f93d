package io.plainweave.internal.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The sockets that systemd passes")
class PassedSocketsTest {
  @ParameterizedTest
  @CsvSource({"17, 2, 2", "17, 0, 0", "18, 2, ", "'', 2, ", "17, two, ", "17, , ", ", 2, "})
  void areCountedIfTheyAreForThisProcess(String pid, String fds, Integer count) {
    Map<String, String> environment = new HashMap<>();
    if (pid != null) {
      environment.put("LISTEN_PID", pid);
    }
    if (fds != null) {
      environment.put("LISTEN_FDS", fds);
    }
    assertEquals(
        count == null ? OptionalInt.empty() : OptionalInt.of(count),
        PassedSockets.count(environment, 17));
  }
}
