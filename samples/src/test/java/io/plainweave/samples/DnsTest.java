package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Asked by dig and dnsperf, as any DNS server is. */
@DisplayName("The DNS sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DnsTest {
  @TempDir static Path folder;

  private static SampleProcess dns;

  @BeforeAll
  static void start() throws Exception {
    Programs.need("dig", "dnsperf");
    dns = SampleProcess.start(folder, "Dns", "127.0.0.1:0");
  }

  @AfterAll
  static void end() throws Exception {
    if (dns != null) {
      try {
        assertEquals("", dns.process().stderr(), "what clients send is not worth a line");
      } finally {
        dns.close();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          www.example.test A,           192.0.2.80
          WWW.Example.Test AAAA,        2001:db8::80
          shop.example.test A,          www.example.test.\\n192.0.2.80
          shop.example.test CNAME,      www.example.test.
          example.test MX,              10 mail.example.test.
          example.test NS +noedns,      ns.example.test.
          www.example.test A +tcp,      192.0.2.80
          www.example.test TXT,         ''
          """)
  void answers(String question, String answer) throws Exception {
    assertEquals(answer.translateEscapes(), dig(question + " +short").strip());
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          nothing.example.test A,       NXDOMAIN, example.test.
          b.example.test A,             NOERROR,  example.test.
          www.example.test MX,          NOERROR,  example.test.
          example.org A,                REFUSED,  ''
          example.test A +opcode=4,     NOTIMP,   ''
          """)
  void saysWhyThereIsNoAnswer(String question, String status, String authority) throws Exception {
    String reply = dig(question);
    assertTrue(reply.contains("status: " + status + ","), reply);
    assertTrue(reply.contains("ANSWER: 0,"), reply);
    assertEquals(!authority.isEmpty(), reply.contains("300\tIN\tSOA"), reply);
  }

  @ParameterizedTest
  @CsvSource({"+bufsize=512", "+bufsize=1232", "+noedns"})
  void cutsWhatIsTooLongForUdpAndGivesItByTcp(String option) throws Exception {
    String cut = dig("long.example.test TXT +ignore " + option);
    assertTrue(cut.contains("qr aa tc"), cut);
    assertTrue(cut.contains("(UDP)"), cut);
    String whole = dig("long.example.test TXT " + option);
    assertTrue(whole.contains("ANSWER: 10,"), whole);
    assertTrue(whole.contains("(TCP)"), whole);
  }

  @Test
  void keepsATcpConnectionForSeveralQueries() throws Exception {
    assertEquals(
        "192.0.2.80\n192.0.2.25\n",
        dig("+tcp +keepopen +short www.example.test A mail.example.test A"));
  }

  @Test
  void survivesJunk() throws Exception {
    var random = new Random(1);
    try (var socket = new DatagramSocket()) {
      for (int i = 0; i < 1_000; i++) {
        byte[] junk = new byte[random.nextInt(80)];
        random.nextBytes(junk);
        if (i % 2 == 0 && junk.length > 12) {
          // Junk behind the header of a query.
          System.arraycopy(new byte[] {0, 0, 0, 1, 0, 0, 0, 0, 0, 1}, 0, junk, 2, 10);
        }
        send(socket, junk);
        if (i % 100 == 99) {
          // An answer shows that all before it was taken: more than 200 may be too many to wait.
          assertEquals("192.0.2.80\n", dig("www.example.test A +short"));
        }
      }
    }
    try (Client client = Client.connect(dns.port())) {
      client.socket().getOutputStream().write(new byte[] {0, 2, 1, 1});
      assertThrows(SocketException.class, client::seesEnd);
    }
    assertEquals("192.0.2.80\n", dig("www.example.test A +short"));
  }

  private static void send(DatagramSocket socket, byte[] bytes) throws IOException {
    socket.send(
        new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), dns.port()));
  }

  @Test
  void losesNoQueryOfDnsperf() throws Exception {
    Files.writeString(
        folder.resolve("queries"),
        "www.example.test A\nshop.example.test AAAA\nnothing.example.test A\nexample.test MX\n");
    String report =
        run("dnsperf -s 127.0.0.1 -p PORT -d queries -l 2 -Q 500 -c 4 -t 10", dns.port());
    assertTrue(report.contains("Queries lost:         0 (0.00%)"), report);
    assertTrue(report.matches("(?s).*Queries completed:\\s+[1-9].*"), report);
  }

  private static String dig(String arguments) throws Exception {
    return run("dig @127.0.0.1 -p PORT +time=5 " + arguments, dns.port());
  }

  /** Runs a shell command with the port for PORT, and returns what it prints. */
  private static String run(String command, int port) throws Exception {
    String line = command.replace("PORT", Integer.toString(port));
    try (ChildProcess shell = ChildProcess.start(folder, "sh", "-c", line)) {
      assertEquals(0, shell.exitCode(), () -> line);
      return shell.stdout();
    }
  }
}
