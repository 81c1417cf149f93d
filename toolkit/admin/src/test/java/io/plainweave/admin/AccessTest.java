package io.plainweave.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.server.ServerState;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The admin listener is kept from")
@Timeout(30)
class AccessTest {
  private Guarded guarded;

  @BeforeEach
  void start() throws Exception {
    guarded =
        Guarded.start(
            Server.builder().handler(Guarded.ECHO),
            Admin.listen(Listen.tcp("127.0.0.1", 0)).anywhere("Admin.example.com"));
  }

  @AfterEach
  void end() {
    guarded.close();
  }

  private int status(String method, String path, String... fields) throws IOException {
    String head = method + " " + path + " HTTP/1.1\r\n" + String.join("\r\n", fields) + "\r\n\r\n";
    return Integer.parseInt(guarded.exchange(head).substring(9, 12));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1",
        "10.1.2.3:9900",
        "[::1]:9900",
        "admin.example.com",
        "ADMIN.example.com:1"
      })
  void nobodyWhoCallsItByItsName(String host) throws IOException {
    assertEquals(200, status("GET", "/live", "Host: " + host));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "1.2.3.4.5",
        "evil.example:9900",
        "2130706433"
      })
  void namesThatSuddenlyStandForLoopback(String host) throws IOException {
    assertEquals(421, status("GET", "/live", "Host: " + host));
    assertEquals(421, status("POST", "/drain", "Host: " + host));
    assertEquals(ServerState.RUNNING, guarded.server.state());
  }

  @Test
  void pagesOfOtherOrigins() throws IOException {
    String host = "Host: localhost:9900";
    for (String foreign :
        new String[] {
          "Sec-Fetch-Site: cross-site",
          "Sec-Fetch-Site: same-site",
          "Sec-Fetch-Site: wonderful",
          "Origin: http://evil.example",
          "Origin: http://localhost:9901",
          "Origin: http://localhost",
          "Origin: null",
          "Origin:",
        }) {
      assertEquals(403, status("POST", "/drain", host, foreign), foreign);
      assertEquals(403, status("GET", "/connections", host, foreign), foreign);
    }
    String visit = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document";
    assertEquals(403, status("POST", "/drain", host, "Sec-Fetch-Site: cross-site", visit));
    assertEquals(
        403,
        status(
            "GET",
            "/",
            host,
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe"));
    // A link that somebody follows.
    assertEquals(200, status("GET", "/", host, "Sec-Fetch-Site: cross-site", visit));
    assertEquals(ServerState.RUNNING, guarded.server.state());
  }

  @Test
  void notItsOwnPageNorProgramsThatAreNoBrowsers() throws IOException {
    String host = "Host: localhost:9900";
    assertEquals(200, status("GET", "/status", host, "Sec-Fetch-Site: same-origin"));
    assertEquals(200, status("GET", "/status", host, "Sec-Fetch-Site: none"));
    assertEquals(404, status("POST", "/connections/0/end", host, "Origin: http://localhost:9900"));
    assertEquals(202, status("POST", "/drain", host));
    assertTrue(guarded.server.state().isAtLeast(ServerState.DRAINING));
  }

  @Test
  void addressesOfOtherMachinesUnlessItIsAskedFor() {
    for (Listen listen :
        new Listen[] {
          Listen.tcp(9900),
          Listen.tcp("0.0.0.0", 9900),
          Listen.tcp("::", 9900),
          Listen.tcp("192.0.2.1", 9900),
          Listen.tcp("no.such.name.invalid", 9900),
          Listen.inherited()
        }) {
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> Admin.listen(listen).addTo(Server.builder()));
      assertTrue(e.getMessage().startsWith("an admin listener on " + listen), e.getMessage());
      Admin.listen(listen).anywhere().addTo(Server.builder());
    }
    for (Listen listen :
        new Listen[] {
          Listen.tcp("127.0.0.1", 9900),
          Listen.tcp("127.1.2.3", 9900),
          Listen.tcp("::1", 9900),
          Listen.tcp("localhost", 9900),
          Listen.unix(Path.of("/tmp/admin.sock"))
        }) {
      Admin.listen(listen).addTo(Server.builder());
    }
  }
}
