package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Keys;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.MemoryChannel;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Pieces;
import io.plainweave.fuzz.support.Splits;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.DirectMemory;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.TlsTransport;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("TLS records before the handshake is done")
@ExtendWith(Leftovers.class)
class TlsHandshakeFuzzTest {
  private static final BufferPool BUFFERS = new BufferPool(DirectMemory.ofThisProcess());

  private static ServerTls tls;

  @BeforeAll
  static void readIdentity() throws IOException {
    Path file = Keys.file(".pem", Keys.kept("ec.pem"));
    tls =
        ServerTls.builder()
            .identity(Identity.pem(file, file))
            .applicationProtocols("h2", "http/1.1")
            .build();
  }

  @FuzzTest
  void areRefusedInOrder(byte[] data) {
    var input = new Input(data);
    boolean takesOver = input.isChosen();
    long most = 4 * 1024 * 1024 + 1024L * input.size();
    Splits.alike(input, most, pieces -> handshake(pieces, takesOver));
  }

  private static Outcome handshake(Pieces pieces, boolean takesOver) {
    byte[] bytes = pieces.bytes();
    // What PROXY header and look have read too much comes at once.
    int before = takesOver ? Math.min(bytes.length, 16) : 0;
    byte[] rest = Arrays.copyOfRange(bytes, before, bytes.length);
    var channel = new MemoryChannel(new Pieces(rest, pieces.cuts()));
    var transport =
        new TlsTransport(
            tls.newEngine(),
            new PolledChannel(channel, null),
            BUFFERS,
            before == 0 ? null : ByteBuffer.wrap(bytes, 0, before));
    try {
      Outcome outcome = Outcome.of(seen -> seen.accept(transport.handshake()), SSLException.class);
      Finding.unless(
          !outcome.seen().contains("true"), "a handshake is done without the key of a client");
      return outcome;
    } finally {
      transport.release(true);
    }
  }
}
