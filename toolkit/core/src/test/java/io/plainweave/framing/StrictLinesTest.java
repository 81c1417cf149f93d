package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Outcome;
import io.plainweave.framing.ReadingServer.Source;
import io.plainweave.server.Server;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Lines that end with CR LF")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class StrictLinesTest {
  private static final Function<Connection, Source> STRICT =
      connection -> Lines.crlf(connection, 9)::read;
  private static final Function<Connection, Source> LENIENT =
      connection -> Lines.crlfOrLf(connection, 9)::read;

  private static Outcome read(Function<Connection, Source> framing, String sent) throws Exception {
    try (var server = new ReadingServer(framing)) {
      return server.deliver(sent.getBytes(UTF_8));
    }
  }

  private static Outcome finished(String... lines) {
    return new Outcome(List.of(lines), CloseReason.Finished.class);
  }

  private static Outcome refused(String... lines) {
    return new Outcome(List.of(lines), CloseReason.Malformed.class);
  }

  private static Outcome cut(String... lines) {
    return new Outcome(List.of(lines), CloseReason.Truncated.class);
  }

  @Test
  void areReadToThatEnd() throws Exception {
    assertEquals(
        finished("a", "", "żó", "123456789"), read(STRICT, "a\r\n\r\nżó\r\n123456789\r\n"));
    assertEquals(refused("a"), read(STRICT, "a\r\n1234567890\r\n"));
  }

  /** The ends that mail servers have taken for one, and others not (SMTP smuggling, 2023). */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n",
        "b\n",
        "b\n.\n",
        "b\n.\r\n",
        "\r",
        "\r.\r",
        "b\r.\r\n",
        ".\r\r\n",
        "\r\r\n",
        "b\rc\n",
        "\n\r\n",
        "b\0c\r\n",
        "\0\r\n"
      })
  void refuseEveryOtherOne(String other) throws Exception {
    assertEquals(refused("a"), read(STRICT, "a\r\n" + other + "d\r\n"));
  }

  @Test
  void areCutWithoutTheirEnd() throws Exception {
    assertEquals(finished(), read(STRICT, ""));
    assertEquals(cut("a"), read(STRICT, "a\r\nb"));
    assertEquals(cut("a"), read(STRICT, "a\r\nb\r"));
    assertEquals(cut("a"), read(STRICT, "a\r\n\r"));
  }

  @Test
  void takeALineFeedAloneForAnEndOnlyWhenTheyAreAsked() throws Exception {
    assertEquals(finished("a", "b", "", "c"), read(LENIENT, "a\nb\r\n\nc"));
    assertEquals(finished("123456789"), read(LENIENT, "123456789\n"));
    assertEquals(refused("a"), read(LENIENT, "a\nb\rc\n"));
    assertEquals(refused("a"), read(LENIENT, "a\nb\r\r\n"));
    assertEquals(refused("a"), read(LENIENT, "a\nb\0c\n"));
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          body\\n,       'a line feed has no carriage return before it, at byte 4 of a line: "body\\n"'
          bo\\rdy\\r\\n, 'a carriage return has no line feed behind it, at byte 2 of a line: "bo\\rdy\\r"'
          \\0x\\r\\n,    'there is a NUL, at byte 0 of a line: "\\u0000x\\r"'
          \\033[2J\\n,   'a line feed has no carriage return before it, at byte 4 of a line: "\\u001b[2J\\n"'
          """)
  void showWhatStoodThereInOneLine(String sent, String message) throws Exception {
    BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(connection -> Lines.crlf(connection, 99).read())
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionClosed e) {
                    closed.add(e.reason());
                  }
                })
                .start();
        Client client = Client.connect(server)) {
      client.send(sent.translateEscapes());
      var reason = assertInstanceOf(CloseReason.Malformed.class, closed.poll(10, TimeUnit.SECONDS));
      assertEquals(message, reason.cause().getMessage());
    }
  }

  @Test
  void areWrittenWithThatEndAndHaveNoneInThem() throws Exception {
    Handler careless =
        connection -> {
          for (Lines lines :
              List.of(Lines.crlf(connection, 100), Lines.crlfOrLf(connection, 100))) {
            for (String two : List.of("a\nb", "a\rb", "a\r", "a\0b")) {
              assertThrows(IllegalArgumentException.class, () -> lines.write(two));
            }
            lines.write("250 " + lines.read());
          }
        };
    try (Server server =
            Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(careless).start();
        Client client = Client.connect(server)) {
      client.send("ok\r\nfine\n");
      assertEquals("250 ok\r\n250 fine\r\n", client.receiveAll());
    }
  }

  /** A small mail server: it replies to each command, and keeps what was sent as mail. */
  private static Handler mailServer(BlockingQueue<List<String>> mails) {
    return connection -> {
      Lines lines = Lines.crlf(connection, 1_000);
      lines.write("220 mail.example.test");
      for (String line; (line = lines.read()) != null; ) {
        switch (line.split("[ :]", 2)[0].toUpperCase(Locale.ROOT)) {
          case "DATA" -> {
            lines.write("354 go on");
            var mail = new ArrayList<String>();
            while (!(line = lines.read()).equals(".")) {
              mail.add(line);
            }
            mails.add(mail);
            lines.write("250 taken");
          }
          case "QUIT" -> {
            lines.write("221 bye");
            return;
          }
          default -> lines.write("250 ok");
        }
      }
    };
  }

  @Test
  void bringTheMailOfAClientAndNoneThatWasSmuggledInIt() throws Exception {
    Machine.needs("python3");
    BlockingQueue<List<String>> mails = new LinkedBlockingQueue<>();
    var reset = new CompletableFuture<CloseReason>();
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .handler(mailServer(mails))
            .observer(event -> {
              if (event instanceof ServerEvent.ConnectionClosed e) {
                reset.complete(e.reason());
              }
            })
            .start()) {
      Process client =
          new ProcessBuilder(
                  "python3",
                  "-c",
                  """
                  import smtplib, sys
                  mail = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
                  mail.sendmail("a@example.test", "b@example.test", "Subject: 1\\n\\nbody\\n.\\nend")
                  smuggled = b"body\\n.\\r\\nMAIL FROM:<root@example.test>\\r\\n"
                  mail.docmd("DATA")
                  mail.send(smuggled)
                  try:
                      print(mail.getreply())
                  except (smtplib.SMTPServerDisconnected, ConnectionError):
                      print("refused")
                  """,
                  Integer.toString(server.port()))
              .redirectErrorStream(true)
              .start();
      String printed = new String(client.getInputStream().readAllBytes(), UTF_8);
      assertEquals(0, client.waitFor(), printed);
      assertEquals("refused\n", printed);
      assertEquals(
          List.of("Subject: 1", "", "body", "..", "end"), mails.poll(10, TimeUnit.SECONDS));
      assertInstanceOf(CloseReason.Malformed.class, reset.get(10, TimeUnit.SECONDS));
      assertEquals(0, mails.size());
    }
  }
}
