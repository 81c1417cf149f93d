package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.Connection;
import io.plainweave.client.Connector;
import io.plainweave.client.ProxyServer;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.TalkingServer;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("What a SOCKS or an HTTP proxy answers")
@ExtendWith(Leftovers.class)
class ProxyRepliesFuzzTest {
  private static final String DESTINATION = "destination.invalid";

  private static TalkingServer proxy;

  @BeforeAll
  static void start() throws IOException {
    proxy = new TalkingServer();
  }

  @AfterAll
  static void end() throws Exception {
    proxy.close();
  }

  @FuzzTest
  void areReadOrRefused(byte[] data) {
    var input = new Input(data);
    boolean bySocks = input.isChosen();
    boolean hasPassword = input.isChosen();
    byte[] replies = input.bytes();
    proxy.say(replies);
    ProxyServer server =
        bySocks
            ? ProxyServer.socks("127.0.0.1", proxy.port())
            : ProxyServer.http("127.0.0.1", proxy.port());
    Connector connector =
        Connector.tcp(DESTINATION, 80)
            .connectTimeout(Duration.ofSeconds(10))
            .via(hasPassword ? server.credentials("alice", "secret") : server);
    Outcome outcome =
        Outcome.of(
            _ -> {
              try (Connection connection = connector.connect()) {
                byte[] rest = connection.input().readAllBytes();
                checkRest(rest, replies);
                Finding.unless(
                    !bySocks || replies.length - rest.length == sizeOfSocks(replies),
                    "SOCKS takes what is not its own, or leaves some of it");
              }
            },
            ConnectException.class);
    Finding.unless(
        outcome.isInOrder() || outcome.end().contains(DESTINATION),
        "the message does not name the destination: " + outcome.end());
  }

  /** The choice of a method, the answer to a password, and the reply with its address. */
  private static int sizeOfSocks(byte[] replies) {
    int reply = replies[1] == 2 ? 4 : 2;
    int address =
        switch (replies[reply + 3]) {
          case 1 -> 4;
          case 4 -> 16;
          default -> 1 + (replies[reply + 4] & 0xFF);
        };
    return reply + 4 + address + 2;
  }

  private static void checkRest(byte[] rest, byte[] replies) {
    int begin = replies.length - rest.length;
    Finding.unless(
        begin >= 0 && Arrays.equals(replies, begin, replies.length, rest, 0, rest.length),
        "what follows the reply is not what was sent");
  }
}
