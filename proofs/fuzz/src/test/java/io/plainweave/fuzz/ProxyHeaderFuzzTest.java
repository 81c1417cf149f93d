package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.PieceInput;
import io.plainweave.fuzz.support.Pieces;
import io.plainweave.fuzz.support.Splits;
import io.plainweave.proxyprotocol.ProxiedTls;
import io.plainweave.proxyprotocol.ProxyHeader;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("PROXY headers of versions 1 and 2")
@ExtendWith(Leftovers.class)
class ProxyHeaderFuzzTest {
  @FuzzTest
  void areReadAsTheyAreWritten(byte[] data) {
    var input = new Input(data);
    int maxBytes = input.oneOf(70_000, 536, 64);
    Splits.alike(
        input, 512 * 1024 + 256L * input.size(), pieces -> withoutMessage(read(pieces, maxBytes)));
  }

  private static Outcome read(Pieces pieces, int maxBytes) {
    return Outcome.of(
        seen -> {
          PieceInput in = pieces.input();
          ProxyHeader header = ProxyHeader.read(in, maxBytes);
          seen.accept(header);
          seen.accept(in.left()); // no byte is taken from what follows
          if (header != null) {
            seen.accept(header.alpn() + " " + header.authority() + " " + header.networkNamespace());
            header.uniqueId().ifPresent(seen);
            header.tls().map(ProxiedTls::commonName).ifPresent(seen);
            checkRoundTrip(header);
          }
        },
        ProtocolException.class,
        EOFException.class);
  }

  /** The message shows what has come until then. */
  private static Outcome withoutMessage(Outcome outcome) {
    return new Outcome(outcome.seen(), outcome.end().replaceFirst("(?s):.*", ""));
  }

  private static void checkRoundTrip(ProxyHeader header) throws IOException {
    byte[] written = header.toBytes();
    var in = new ByteArrayInputStream(written);
    ProxyHeader again = ProxyHeader.read(in, 70_000);
    Finding.unless(
        header.equals(again) && in.available() == 0, header + " is read again as " + again);
  }
}
