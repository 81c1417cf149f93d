package io.plainweave.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.PeerResetException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A pair of connections in memory")
class ConnectionPairTest {
  @Test
  void carriesBytesAndTheEndOfEachDirection() throws Exception {
    try (var pair = ConnectionPair.open()) {
      pair.first().output().write("ask".getBytes(US_ASCII));
      pair.first().finishOutput();
      assertEquals("ask", new String(pair.second().input().readAllBytes(), US_ASCII));
      pair.second().output().write("answer".getBytes(US_ASCII));
      pair.second().finishOutput();
      assertEquals("answer", new String(pair.first().input().readAllBytes(), US_ASCII));
    }
  }

  @Test
  void meetsTheResetOfTheOther() throws Exception {
    try (var pair = ConnectionPair.open()) {
      pair.first().abort();
      assertThrows(PeerResetException.class, () -> pair.second().input().read());
    }
  }
}
