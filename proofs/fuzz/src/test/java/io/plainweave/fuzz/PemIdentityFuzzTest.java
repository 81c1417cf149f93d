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
import java.util.Base64;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Certificates and keys in PEM")
@ExtendWith(Leftovers.class)
class PemIdentityFuzzTest {
  private static final Path FUZZED = Keys.file(".pem", new byte[0]);
  private static final Path RSA = Keys.file(".pem", Keys.kept("rsa.pem"));
  private static final Path EC = Keys.file(".pem", Keys.kept("ec.pem"));
  private static final Base64.Encoder BASE64 = Base64.getMimeEncoder();

  @FuzzTest
  void areReadOrRefusedWithTheNameOfTheFile(byte[] data) throws IOException {
    var input = new Input(data);
    int kind = input.choice(3);
    Path kept = input.oneOf(EC, RSA);
    String label =
        input.oneOf("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    Identity identity =
        switch (kind) {
          case 0 -> {
            Files.write(FUZZED, input.bytes());
            yield Identity.pem(FUZZED, FUZZED, new char[] {'s'});
          }
          case 1 -> {
            Files.writeString(FUZZED, block(label, input.bytes()));
            yield Identity.pem(kept, FUZZED, new char[] {'s'});
          }
          default -> {
            Files.writeString(FUZZED, block("CERTIFICATE", input.bytes()));
            yield Identity.pem(FUZZED, kept);
          }
        };
    long most = 16 * 1024 * 1024 + 1024L * data.length;
    Outcome outcome =
        Allocation.atMost(
            most,
            () ->
                Outcome.of(_ -> ServerTls.builder().identity(identity).build(), IOException.class));
    Finding.unless(
        outcome.isInOrder()
            || Stream.of(FUZZED, kept).anyMatch(f -> outcome.end().contains("" + f)),
        "the message does not name a file: " + outcome.end());
  }

  private static String block(String label, byte[] content) {
    String text = BASE64.encodeToString(content);
    return "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n";
  }
}
