package io.plainweave.internal.udp;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.admission.Rate;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.server.Server;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramSession;
import io.plainweave.udp.Udp;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The rate of a session")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class SessionRateTest {
  private static void echo(DatagramSession session) throws InterruptedException {
    for (byte[] next; (next = session.receive()) != null; ) {
      session.send(next);
    }
  }

  private static long dropped(Server server, DatagramDrop why) {
    return server.datagrams().getFirst().dropped(why);
  }

  @Test
  void isOfEachPeerBehindOneAddress() throws Exception {
    Udp udp = Udp.at("127.0.0.1", 0).sessionRate(new Rate(3, Duration.ofHours(1)));
    try (Server server = Server.builder().sessions(udp, SessionRateTest::echo).start();
        UdpClient flood = UdpClient.of(server);
        UdpClient other = UdpClient.of(server)) {
      for (int i = 0; i < 3; i++) {
        assertEquals("" + i, flood.ask("" + i));
      }
      for (int i = 0; i < 100; i++) {
        flood.send("too many");
      }
      await().until(() -> dropped(server, DatagramDrop.SESSION_RATE) == 100);
      for (int i = 0; i < 3; i++) {
        assertEquals("" + i, other.ask("" + i));
      }
      assertEquals(100, dropped(server, DatagramDrop.SESSION_RATE));
      assertEquals(0, dropped(server, DatagramDrop.SOURCE_RATE));
    }
  }

  @Test
  void standsBesideThatOfTheSource() {
    // @start region="rates"
    Udp game =
        Udp.at(7777)
            .sourceRate(Rate.perSecond(2_000)) // a school, say, behind one address
            .sessionRate(Rate.perSecond(60)); // one player
    // @end
    assertEquals(2_000, game.sourceRate().times());
    assertEquals(60, game.sessionRate().times());
    assertEquals(60, game.mailbox(5).sessionRate().times());
    assertThrows(NullPointerException.class, () -> game.sessionRate(null));
  }
}
