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

@DisplayName("The sample Mqtt: packets")
@ExtendWith(Leftovers.class)
class MqttFuzzTest {
  /** The client "fuzz", with a clean session. */
  private static final String CONNECT = "\u0010\u0010\0\u0004MQTT\u0004\u0002\0\0\0\u0004fuzz";

  /** More packets than that may be too many for the outbox, if its thread is late. */
  private static final int MOST_BYTES = 1_500;

  @FuzzTest
  void areReadAlikeInEverySplit(byte[] data) {
    var input = new Input(data);
    byte[] before = input.oneOf("", CONNECT).getBytes(StandardCharsets.ISO_8859_1);
    if (input.size() <= MOST_BYTES) {
      Splits.alike(
          input,
          4 * 1024 * 1024 + 1024L * input.size(),
          pieces -> new Sample("Mqtt").serve(behind(before, pieces), sent -> sent));
    }
  }

  private static Pieces behind(byte[] before, Pieces pieces) {
    var all = new ByteArrayOutputStream();
    all.writeBytes(before);
    all.writeBytes(pieces.bytes());
    return new Pieces(all.toByteArray(), pieces.cuts());
  }
}
