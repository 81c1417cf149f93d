package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The example in the documentation of framing")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class FramingTourTest {
  private static final Map<String, byte[]> FILES =
      Map.of("a", "first".getBytes(UTF_8), "b", "second".getBytes(UTF_8));

  // @start region="tour"
  static void serveFiles(Connection connection) throws IOException {
    Lines names = Lines.of(connection, 1_024); // a longer name is refused
    Frames files = Frames.lengthPrefixed(connection, LengthPrefix.U32_BIG_ENDIAN, 8_388_608);
    for (String name; (name = names.read()) != null; ) {
      files.write(FILES.getOrDefault(name, new byte[0]));
    }
  }

  // @end

  @Test
  void answersEveryLineWithAFrame() throws Exception {
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(FramingTourTest::serveFiles)
                .start();
        Client client = Client.connect(server)) {
      client.send("a\nb\nc\n");
      client.finish();
      byte[] reply = client.socket().getInputStream().readAllBytes();
      assertEquals("\0\0\0\5first\0\0\0\6second\0\0\0\0", new String(reply, UTF_8));
    }
  }
}
