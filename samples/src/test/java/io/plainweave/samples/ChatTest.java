package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The chat sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class ChatTest {
  private static final int SIGTERM = 128 + 15;

  @TempDir static Path folder;

  @BeforeAll
  static void findPrograms() {
    Programs.need("nc", "socat");
  }

  @Test
  void tellsEverybodyWhatEverybodySaysAndWhoComesAndGoes() throws Exception {
    try (SampleProcess chat = SampleProcess.start(folder, "Chat", "0");
        ChatClient ann = ChatClient.nc(chat.port()).join("Ann", "Ann");
        ChatClient bjork = ChatClient.socat(chat.port()).join("Björk", "Ann, Björk")) {
      ann.awaitLine("* Björk has joined: Ann, Björk");
      ann.say("hello");
      ann.awaitLine("Ann: hello");
      bjork.awaitLine("Ann: hello");
      bjork.say("góðan dag \u001b[31m");
      ann.awaitLine("Björk: góðan dag  [31m");
      bjork.awaitLine("Björk: góðan dag  [31m");

      bjork.say("/quit");
      assertEquals(Optional.empty(), bjork.next());
      assertEquals(0, bjork.exitCode());
      ann.awaitLine("* Björk has left");
      try (ChatClient next = ChatClient.nc(chat.port()).join("Björk", "Ann, Björk")) {
        ann.awaitLine("* Björk has joined: Ann, Björk");
        next.close();
        ann.awaitLine("* Björk has left");
      }
    }
  }

  @Test
  void asksAgainForANameThatIsTakenOrNone() throws Exception {
    try (SampleProcess chat = SampleProcess.start(folder, "Chat", "0");
        ChatClient ann = ChatClient.nc(chat.port()).join("Ann", "Ann");
        ChatClient other = ChatClient.socat(chat.port())) {
      for (String name : new String[] {"Ann", "", "two words", "x".repeat(21)}) {
        other.awaitPrompt();
        other.say(name);
      }
      other.join("Ben", "Ann, Ben");
      ann.awaitLine("* Ben has joined: Ann, Ben");
    }
  }

  @Test
  void endsAClientWithALineThatIsTooLongAndOnlyThatOne() throws Exception {
    try (SampleProcess chat = SampleProcess.start(folder, "Chat", "0");
        ChatClient ann = ChatClient.nc(chat.port()).join("Ann", "Ann");
        ChatClient ben = ChatClient.nc(chat.port()).join("Ben", "Ann, Ben")) {
      ann.awaitLine("* Ben has joined: Ann, Ben");
      String longest = "x".repeat(1_000);
      ben.say(longest);
      ann.awaitLine("Ben: " + longest);
      ben.awaitLine("Ben: " + longest);
      ben.say(longest + "x");
      assertEquals(Optional.empty(), ben.next());
      ann.awaitLine("* Ben has left");
      ann.say("still here");
      ann.awaitLine("Ann: still here");
      assertEquals("", chat.process().stderr(), "what a client sends is not worth a line");
    }
  }

  @Test
  void disconnectsAClientThatStopsReadingAndDelaysNobodyElse() throws Exception {
    try (SampleProcess chat = SampleProcess.start(folder, "Chat", "0");
        ChatClient ann = ChatClient.nc(chat.port()).join("Ann", "Ann");
        ChatClient slow = ChatClient.socat(chat.port()).join("slow", "Ann, slow")) {
      ann.awaitLine("* slow has joined: Ann, slow");
      slow.stopReading();
      String line = "x".repeat(990);
      int said = 0;
      Optional<String> left = Optional.of("* slow has left");
      boolean isThere = true;
      while (isThere) {
        // Far more than the buffers of the kernel hold.
        assertTrue(said++ < 50_000, "the server keeps a client that does not read");
        ann.say(line);
        Optional<String> next = ann.next();
        isThere = !next.equals(left);
        if (isThere) {
          assertEquals(Optional.of("Ann: " + line), next);
        }
      }
      ann.awaitLine("Ann: " + line);
      chat.awaitConnections(1);
      slow.readAgain();
      slow.exitCode();
    }
  }

  @Test
  void keepsClientsThatReadHoweverMuchOneOfThemSays() throws Exception {
    int lines = 50_000;
    try (SampleProcess chat = SampleProcess.start(folder, "Chat", "0");
        ChatClient ann = ChatClient.nc(chat.port()).join("Ann", "Ann");
        ChatClient ben = ChatClient.socat(chat.port()).join("Ben", "Ann, Ben")) {
      ann.awaitLine("* Ben has joined: Ann, Ben");
      Thread talker =
          Thread.startVirtualThread(() -> {
            try {
              ann.say("more\n".repeat(lines - 1) + "more");
            } catch (IOException disconnected) {
              // The lines that are missing then say it.
            }
          });
      for (int i = 0; i < lines; i++) {
        ann.awaitLine("Ann: more");
        ben.awaitLine("Ann: more");
      }
      talker.join();
    }
  }

  @Test
  void endsInOrderForEverybodyAtSigterm() throws Exception {
    try (SampleProcess chat = SampleProcess.start(folder, "Chat", "0");
        ChatClient nc = ChatClient.nc(chat.port()).join("nc", "nc");
        ChatClient socat = ChatClient.socat(chat.port()).join("socat", "nc, socat");
        Clients many = Clients.connect(chat.port(), 200)) {
      int number = 0;
      for (Client client : many) {
        client.send("client-" + number++ + "\n");
      }
      for (int i = 0; i < 200; i++) {
        assertTrue(socat.next().orElseThrow().contains(" has joined: "));
      }
      chat.process().signal("TERM");
      for (Client client : many) {
        String all =
            new String(client.socket().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(all.endsWith("\n"), all);
      }
      assertEquals(SIGTERM, chat.process().exitCode());
      nc.finish();
      assertEquals(0, nc.exitCode());
      assertEquals(0, socat.exitCode());
    }
  }

  @Test
  void explainsItselfAndTheDefaultPort() throws Exception {
    try (ChildProcess help = SampleProcess.launch(folder, "Chat", "--help")) {
      assertEquals(0, help.exitCode());
      assertTrue(help.stdout().contains("7001"), help.stdout());
    }
  }
}
