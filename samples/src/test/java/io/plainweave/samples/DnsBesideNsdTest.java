package io.plainweave.samples;

import static io.plainweave.samples.DnsQuery.name;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Both serve the same zone, and are asked the same. */
@DisplayName("The DNS sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DnsBesideNsdTest {
  private static final byte[] ROOT = new byte[1];
  private static final byte[] NONE = new byte[0];
  private static final String WWW = "www.example.test";
  private static final String L63 = "a".repeat(63);

  @TempDir static Path folder;

  private static SampleProcess dns;
  private static ChildProcess nsd;
  private static int nsdPort;

  @BeforeAll
  static void start() throws Exception {
    Programs.need("nsd");
    dns = SampleProcess.start(folder, "Dns", "127.0.0.1:0");
    String source = Files.readString(Checkout.original("samples/Dns.java"));
    Files.writeString(folder.resolve("zone"), source.split("\"\"\"")[1].stripIndent());
    // The port that is free now may be another test's in the next moment.
    for (int tries = 0; nsd == null && tries < 3; tries++) {
      startNsd();
    }
    assertNotNull(nsd, "nsd ends");
  }

  private static void startNsd() throws Exception {
    nsdPort = FreePort.next();
    Path settings =
        Files.writeString(
            folder.resolve("nsd.conf"),
            """
            server:
              ip-address: 127.0.0.1@%d
              username: ""
              chroot: ""
              zonesdir: "%s"
              pidfile: ""
              xfrdfile: ""
              zonelistfile: "%s/zone.list"
              xfrdir: "%s"
              server-count: 1
            remote-control:
              control-enable: no
            zone:
              name: example.test
              zonefile: zone
            """
                .formatted(nsdPort, folder, folder, folder));
    ChildProcess started = ChildProcess.start(folder, "nsd", "-d", "-c", settings.toString());
    await()
        .ignoreExceptionsInstanceOf(IOException.class) // it does not listen yet, or is slow
        .until(() ->
            !started.isAlive() || DnsQuery.of(WWW, 1).ask(nsdPort, 500).startsWith("NOERROR"));
    if (started.isAlive()) {
      nsd = started;
    } else {
      started.close();
    }
  }

  @AfterAll
  static void end() throws Exception {
    for (AutoCloseable started : Arrays.asList(dns, nsd)) {
      if (started != null) {
        started.close();
      }
    }
  }

  private static DnsQuery www() {
    return DnsQuery.of(WWW, 1);
  }

  private static DnsQuery raw(String name, byte... label) {
    byte[] whole = Arrays.copyOf(label, label.length + name(name).length);
    System.arraycopy(name(name), 0, whole, label.length, name(name).length);
    return DnsQuery.empty().question(whole, 1, 1);
  }

  private static String longName(int bytes) {
    String rest = "." + L63 + "." + L63 + "." + L63 + ".example.test";
    return "d".repeat(bytes - name(rest.substring(1)).length - 1) + rest;
  }

  static Stream<Arguments> questions() {
    return Stream.of(
        Arguments.of("A", www()),
        Arguments.of("A, recursion desired", www().flags(0x0100)),
        Arguments.of("A, in capitals", DnsQuery.of("WwW.eXample.TEST", 1)),
        Arguments.of("A, EDNS", www().options(0, 0)),
        Arguments.of("A, DNSSEC OK", www().options(0, 0x8000)),
        Arguments.of("A, unknown flags of EDNS", www().options(0, 0x7fff)),
        Arguments.of("A, EDNS 1", www().options(1, 0)),
        Arguments.of("EDNS 1, another zone", DnsQuery.of("example.org", 1).options(1, 0)),
        Arguments.of("an option", www().options(3, ROOT, 0, 0, new byte[] {0, 10, 0, 2, 7, 7})),
        Arguments.of("another type", DnsQuery.of(WWW, 15)),
        Arguments.of("alias", DnsQuery.of("shop.example.test", 1)),
        Arguments.of("alias itself", DnsQuery.of("shop.example.test", 5)),
        Arguments.of("alias, but not the type", DnsQuery.of("shop.example.test", 15)),
        Arguments.of("ANY", DnsQuery.of("example.test", 255)),
        Arguments.of("ANY of a host", DnsQuery.of(WWW, 255)),
        Arguments.of("ANY of an alias", DnsQuery.of("shop.example.test", 255)),
        Arguments.of("ANY of nothing", DnsQuery.of("nothing.example.test", 255)),
        Arguments.of("AXFR", DnsQuery.of("example.test", 252)),
        Arguments.of("AXFR, EDNS", DnsQuery.of("example.test", 252).options(0, 0)),
        Arguments.of("no such name", DnsQuery.of("nothing.example.test", 1)),
        Arguments.of("nothing but something below", DnsQuery.of("b.example.test", 1)),
        Arguments.of("another zone", DnsQuery.of("example.org", 1)),
        Arguments.of("a zone that ends the same", DnsQuery.of("notexample.test", 1)),
        Arguments.of("any class", DnsQuery.empty().question(name(WWW), 1, 255)),
        Arguments.of("class CH", DnsQuery.empty().question(name(WWW), 1, 3)),
        Arguments.of("a name of 255 bytes", DnsQuery.of(longName(255), 1)),
        Arguments.of("a name of 256 bytes", DnsQuery.of(longName(256), 1)),
        Arguments.of("a label of 63 bytes", DnsQuery.of(L63 + ".example.test", 1)),
        Arguments.of("a label of 64 bytes", DnsQuery.of(L63 + "a.example.test", 1)),
        Arguments.of("a label of another kind", raw("example.test", (byte) 0x80, (byte) 'a')),
        Arguments.of("a name that points at itself", raw("x", (byte) 0xC0, (byte) 12)),
        Arguments.of("a dot in a label", raw("test", "\13www.example".getBytes(US_ASCII))),
        Arguments.of("a byte that is no letter", raw("example.test", (byte) 1, (byte) 0)),
        Arguments.of("no question", DnsQuery.empty()),
        Arguments.of("two questions", www().question(name(WWW), 1, 1)),
        Arguments.of("a question that is missing", DnsQuery.empty().more(0)),
        Arguments.of("a record that is missing", www().more(3)),
        Arguments.of("two OPT records", www().options(0, 0).options(0, 0)),
        Arguments.of("OPT among the answers", www().options(1, ROOT, 0, 0, NONE)),
        Arguments.of("OPT in the authority", www().options(2, ROOT, 0, 0, NONE)),
        Arguments.of("OPT with a name", www().options(3, name("x"), 0, 0, NONE)),
        Arguments.of("an option too long", www().options(3, ROOT, 0, 0, new byte[] {0, 10, 0, 1})),
        Arguments.of("half an option", www().options(3, ROOT, 0, 0, new byte[] {0, 10, 0})),
        Arguments.of("STATUS", www().flags(0x1000)),
        Arguments.of("STATUS without a question", DnsQuery.empty().flags(0x1000)),
        Arguments.of("an unknown opcode", www().flags(0x7800)));
  }

  @ParameterizedTest(name = "replies as nsd does: {0}")
  @MethodSource("questions")
  void repliesAsNsdDoes(String name, DnsQuery query) throws Exception {
    String expected = query.ask(nsdPort, 10_000);
    String reply = query.ask(dns.port(), 10_000);
    // nsd tells of most errors with less: RFC 6891, section 6.1.1, wants the OPT record there, too.
    boolean isLess = expected.matches("(FORMERR|NOTIMP)((?! OPT).)*");
    assertEquals(expected, isLess ? reply.replace(" OPT", "") : reply);
  }

  static Stream<Arguments> matters() {
    return Stream.of(
        Arguments.of("two OPT records", www().options(0, 0).options(0, 0), "FORMERR [][] OPT"),
        Arguments.of(
            "half an option",
            www().options(0, 0x8000).options(3, ROOT, 0, 0, new byte[3]),
            "FORMERR [][] OPT DO"),
        Arguments.of("no question", DnsQuery.empty().options(0, 0), "FORMERR [][] OPT"),
        Arguments.of("EDNS 255", www().options(255, 0x8000), "BADVERS [][] OPT DO"),
        Arguments.of("STATUS", www().flags(0x1000).options(0, 0), "NOTIMP [][] OPT"),
        Arguments.of("AXFR", DnsQuery.of("a.test", 252).options(0, 0x8000), "NOTIMP [][] OPT DO"),
        Arguments.of("IXFR", DnsQuery.of("example.test", 251), "NOTIMP [][]"),
        Arguments.of("NOTIFY", DnsQuery.of("example.test", 6).flags(0x2000), "NOTIMP [][]"),
        Arguments.of("junk behind", www().bytes(NONE, ByteBuffer.allocate(1)), "FORMERR [][]"));
  }

  @ParameterizedTest(name = "replies as the RFCs want where nsd does not: {0}")
  @MethodSource("matters")
  void repliesAsTheRfcsWant(String name, DnsQuery query, String reply) throws Exception {
    assertEquals(reply, query.ask(dns.port(), 10_000));
  }
}
