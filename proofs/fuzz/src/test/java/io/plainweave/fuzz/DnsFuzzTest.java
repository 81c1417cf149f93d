package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.fuzz.support.Allocation;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Sample;
import io.plainweave.fuzz.support.Splits;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The sample Dns: queries by UDP and TCP")
@ExtendWith(Leftovers.class)
class DnsFuzzTest {
  private static final Sample SERVER = new Sample("Dns");

  /** What a client takes that says nothing about it (RFC 1035, section 4.2.1). */
  private static final int LEAST_BY_UDP = 512;

  @FuzzTest
  void areAnsweredInTheirSize(byte[] data) {
    var input = new Input(data);
    boolean byUdp = input.isChosen();
    long most = 512 * 1024 + 128L * input.size();
    if (byUdp) {
      byte[] query = input.bytes();
      Allocation.atMost(most, () -> Outcome.of(_ -> answer(query)));
    } else {
      Splits.alike(input, most, pieces -> SERVER.serve(pieces, sent -> sent));
    }
  }

  private static void answer(byte[] bytes) throws Exception {
    Object query = SERVER.callWithin("Query", "read", bytes);
    if (query != null) {
      byte[] whole = (byte[]) SERVER.call("reply", query, false);
      byte[] cut = (byte[]) SERVER.call("reply", query, true);
      Finding.unless(
          cut.length <= Math.max(LEAST_BY_UDP, whole.length), "what is cut is " + cut.length);
      Finding.unless(
          whole[0] == bytes[0] && whole[1] == bytes[1] && (whole[2] & 0x80) != 0,
          "the reply has another number than the query, or is none");
    }
  }
}
