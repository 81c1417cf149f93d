package io.plainweave.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.Connection;
import io.plainweave.framing.Lines;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A scripted peer")
class PeerTest {
  /** Greets as SMTP does, and says no to what it does not know. */
  private static void greet(Connection connection) throws IOException {
    Lines lines = Lines.of(connection, 512);
    for (String line; (line = lines.read()) != null; ) {
      String reply = line.startsWith("HELO ") ? "250 hello " + line.substring(5) : "500 what?";
      connection.output().write((reply + "\r\n").getBytes());
    }
  }

  @Test
  void sendsAndExpects() throws Exception {
    try (var server = TestServer.inMemory().handler(PeerTest::greet).start();
        var peer = server.peer()) {
      peer.send("HELO x\r\n").expect("250 …").halfClose().expectEnd();
    }
  }

  @Test
  void showsTheConversationWhenSomethingElseComes() throws Exception {
    try (var server = TestServer.inMemory().handler(PeerTest::greet).start();
        var peer = server.peer()) {
      peer.send("HELO x\r\n").expect("250 hello x\r\n").send("EHLO x\r\n");
      var failure = assertThrows(AssertionError.class, () -> peer.expect("250 …"));
      assertEquals(
          """
          expected "250 …", and what came is "500 what?\\r\\n"
          the conversation so far:
            peer sends "HELO x\\r\\n"
            peer gets  "250 hello x\\r\\n"
            peer sends "EHLO x\\r\\n"
            peer gets  "500 what?\\r\\n\"\
          """,
          failure.getMessage());
    }
  }

  @Test
  void showsWhatHasComeWhenNothingMoreComesInTime() throws Exception {
    try (var server = TestServer.inMemory().handler(PeerTest::greet).start();
        var peer = server.peer().patience(Duration.ofMillis(100))) {
      peer.send("HELO x\r\n");
      var failure = assertThrows(AssertionError.class, () -> peer.expect("250 hello x\r\n250 …"));
      assertEquals(
          """
          expected "250 hello x\\r\\n250 …", and what came is "250 hello x\\r\\n" and no more within 0.1 s
          the conversation so far:
            peer sends "HELO x\\r\\n"
            peer gets  "250 hello x\\r\\n\"\
          """,
          failure.getMessage());
    }
  }

  @Test
  void expectsAReset() throws Exception {
    try (var server = TestServer.inMemory().handler(Connection::abort).start();
        var peer = server.peer()) {
      peer.expectReset();
    }
  }

  @Test
  void takesWhatComesWhateverItIs() throws Exception {
    try (var server = TestServer.inMemory().handler(PeerTest::greet).start();
        var peer = server.peer()) {
      assertEquals("250 hello x", peer.send("HELO x\r\n").receiveLine());
      assertEquals("500", new String(peer.send("NO\r\n").receive(3)));
    }
  }
}
