package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A client that uploads looks for the reply when it has sent all. Python's http.client does so, as
 * most clients of HTTP do.
 */
@DisplayName("Table N: a client in the middle of its upload")
@Tag("machine")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class EarlyReplyFaultsTest {
  private static final int TIMES = 20;

  private static final String POST =
      """
      import http.client, sys
      for _ in range(int(sys.argv[2])):
          connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
          try:
              connection.request("POST", "/", body=b"x" * 5_000_000)
              print(connection.getresponse().status)
          except OSError as e:
              print(type(e).__name__)
          connection.close()
      """;

  @Test
  void n2GetsTheReplyThatCameBeforeTheEndOfItsRequest() throws Exception {
    Machine.needs("python3");
    Handler refuses =
        connection -> {
          readHead(connection);
          connection
              .output()
              .write(
                  "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII));
        };
    try (Server server =
        Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(refuses).start()) {
      String port = Integer.toString(server.port());
      String statuses = Machine.run("python3", "-c", POST, port, Integer.toString(TIMES));
      assertEquals("413\n".repeat(TIMES), statuses);
    }
  }

  private static void readHead(Connection connection) throws Exception {
    Lines lines = Lines.of(connection, 8_192);
    for (String line; (line = lines.read()) != null && !line.isEmpty(); ) {
      // The head of the request says enough.
    }
  }
}
