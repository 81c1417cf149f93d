package ${package};

import io.plainweave.testing.ServerExtension;
import io.plainweave.testing.TestClock;
import io.plainweave.testing.TestServer;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Without a socket, and by a clock that stands still until the test moves it. */
@DisplayName("The adder")
@Timeout(30)
class AdderTest {
  private final TestClock clock = new TestClock();

  @RegisterExtension
  final ServerExtension server =
      ServerExtension.of(() ->
          TestServer.inMemory().clock(clock).timeLimits(AdderServer.LIMITS).handler(new Adder()));

  @Test
  void addsUpWhatAllClientsSend() throws Exception {
    try (var one = server.peer();
        var other = server.peer()) {
      one.send("ADD 2\n").expect("OK 2\n");
      other.send("ADD 3\nTOTAL\n").expect("OK 5\nOK 5\n");
      one.halfClose().expectEnd();
    }
  }

  @Test
  void answersWhatItDoesNotUnderstand() throws Exception {
    server.peer().send("SUB 2\n").expect("ERROR …").send("TOTAL\n").expect("OK 0\n");
  }

  @Test
  void completesARequestThatTheDrainFinds() throws Exception {
    try (var waiting = server.peer();
        var asking = server.peer()) {
      asking.send("ADD 3");
      clock.advance(Duration.ofSeconds(1)); // by then it is being read
      server.server().shutdown();
      clock.advance(Duration.ofSeconds(1));
      waiting.expectEnd();
      asking.send("\n").expect("OK 3\n").expectEnd();
    }
  }

  @Test
  void letsAClientGoThatFallsSilent() throws Exception {
    try (var peer = server.peer()) {
      peer.send("ADD 2\n").expect("OK 2\n");
      clock.advance(AdderServer.LIMITS.idle());
      peer.expectEnd();
    }
  }

  @Test
  void resetsAClientThatNeverCompletesARequest() throws Exception {
    try (var peer = server.peer()) {
      peer.send("ADD");
      clock.advance(AdderServer.LIMITS.message());
      peer.expectReset();
    }
  }
}
