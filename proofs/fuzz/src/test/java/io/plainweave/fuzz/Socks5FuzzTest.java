package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Pieces;
import io.plainweave.fuzz.support.Sample;
import io.plainweave.fuzz.support.Splits;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The sample Socks5: requests, none of which is allowed")
@ExtendWith(Leftovers.class)
class Socks5FuzzTest {
  /** Version 5, without a method that is acceptable, or with one, and a refusal of 10 bytes. */
  private static final String REPLIES = "|05ff|05|0500|050005(02|07|08)0001000000000000|0502";

  private static final String WITH_PASSWORD =
      "|05ff|0502|05020100|05020101|0502010005(02|07|08)0001000000000000";

  @FuzzTest
  void areReadAlikeInEverySplit(byte[] data) {
    var input = new Input(data);
    boolean asksForPassword = input.isChosen();
    Outcome outcome =
        Splits.alike(
            input, 256 * 1024 + 256L * input.size(), pieces -> serve(pieces, asksForPassword));
    String sent = String.join("", outcome.seen());
    Finding.unless(
        sent.matches(asksForPassword ? WITH_PASSWORD : REPLIES), "no reply of SOCKS: " + sent);
  }

  @SuppressWarnings("unchecked")
  private static Outcome serve(Pieces pieces, boolean asksForPassword) {
    var server = new Sample("Socks5"); // without rules
    if (asksForPassword) {
      ((Map<String, String>) server.field("users")).put("alice", "secret");
    }
    return server.serve(pieces, sent -> sent);
  }
}
