package ${package};

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.plainweave.testing.EverySplit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A request")
class RequestTest {
  @Test
  void isReadHoweverTheNetworkCutsIt() throws Exception {
    EverySplit.of(connection -> new Request.Codec(connection)::read)
        .message("ADD 2\n", new Request.Add(2))
        .message("TOTAL\n", new Request.Total())
        .message("ADD two\n", new Request.Unknown("ADD two"))
        .message("ADD 1234567890\n", new Request.Unknown("ADD 1234567890"))
        .malformed("A".repeat(Request.Codec.LONGEST_LINE + 1).getBytes(US_ASCII))
        .verify();
  }
}
