package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Pieces;
import io.plainweave.fuzz.support.Sample;
import io.plainweave.fuzz.support.Splits;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The sample WebSocket: the handshake and frames")
@ExtendWith(Leftovers.class)
class WebSocketFuzzTest {
  private static final String UPGRADE =
      """
      GET %s HTTP/1.1
      Host: localhost
      Upgrade: websocket
      Connection: Upgrade
      Sec-WebSocket-Version: 13
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==

      """
          .replace("\n", "\r\n");

  /** More messages than that may be too many for the outbox, if its thread is late. */
  private static final int MOST_BYTES = 5_000;

  @FuzzTest
  void areReadAlikeInEverySplit(byte[] data) {
    var input = new Input(data);
    String handshake = input.oneOf("", UPGRADE.formatted("/echo"), UPGRADE.formatted("/?name=a"));
    if (input.size() <= MOST_BYTES) {
      Splits.alike(
          input,
          4 * 1024 * 1024 + 1024L * input.size(),
          pieces -> new Sample("WebSocket").serve(behind(handshake, pieces), sent -> sent));
    }
  }

  private static Pieces behind(String handshake, Pieces pieces) {
    var all = new ByteArrayOutputStream();
    all.writeBytes(handshake.getBytes(StandardCharsets.US_ASCII));
    all.writeBytes(pieces.bytes());
    return new Pieces(all.toByteArray(), pieces.cuts());
  }
}
