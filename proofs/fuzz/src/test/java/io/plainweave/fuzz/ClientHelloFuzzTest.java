package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.MemoryConnection;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Splits;
import io.plainweave.protocol.ClientHello;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The first message of a TLS client, at which we only look")
@ExtendWith(Leftovers.class)
public class ClientHelloFuzzTest {
  @FuzzTest
  void staysToBeRead(byte[] data) {
    var input = new Input(data);
    // A peek takes as many bytes as it shows, once for each record.
    long most = 256 * 1024 + 16_384L * (8 + input.size() / 6);
    Splits.alike(
        input,
        most,
        pieces -> {
          var connection = new MemoryConnection(pieces);
          Outcome outcome =
              Outcome.of(
                  seen -> {
                    ClientHello hello = ClientHello.peek(connection);
                    seen.accept(hello);
                    if (hello != null) {
                      checkName(hello.serverName().orElse("none"));
                    }
                  },
                  MalformedMessageException.class,
                  TruncatedMessageException.class);
          Finding.unless(
              connection.input().left() == pieces.bytes().length, "a look has taken bytes");
          return outcome;
        });
  }

  private static void checkName(String name) {
    Finding.unless(name.matches("[a-z0-9._-]{1,255}"), "no name of a host: " + name);
  }
}
