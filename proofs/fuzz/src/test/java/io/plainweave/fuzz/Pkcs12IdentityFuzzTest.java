package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.fuzz.support.Allocation;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Keys;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Certificates and keys in PKCS#12")
@ExtendWith(Leftovers.class)
class Pkcs12IdentityFuzzTest {
  private static final Path FUZZED = Keys.file(".p12", new byte[0]);

  @FuzzTest
  void areReadOrRefusedWithTheNameOfTheFile(byte[] data) throws IOException {
    var input = new Input(data);
    char[] password = input.oneOf("secret", "").toCharArray();
    Files.write(FUZZED, input.bytes());
    Identity identity = Identity.pkcs12(FUZZED, password);
    long most = 16 * 1024 * 1024 + 1024L * data.length;
    Outcome outcome =
        Allocation.atMost(
            most,
            () ->
                Outcome.of(_ -> ServerTls.builder().identity(identity).build(), IOException.class));
    Finding.unless(
        outcome.isInOrder() || outcome.end().contains(FUZZED.toString()),
        "the message does not name the file: " + outcome.end());
  }
}
