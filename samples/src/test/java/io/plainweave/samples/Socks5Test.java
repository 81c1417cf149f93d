package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
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

@DisplayName("The SOCKS5 sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class Socks5Test {
  private static final HexFormat HEX = HexFormat.of();

  /** What alice sends before her request. */
  private static final String ALICE = "050102" + "01" + "05616c696365" + "06736563726574";

  /** What she gets. */
  private static final String WELCOME = "0502" + "0100";

  @TempDir static Path folder;

  private static HttpServer target;
  private static SampleProcess proxy;

  @BeforeAll
  static void start() throws Exception {
    target = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    target.createContext(
        "/",
        exchange -> {
          byte[] body = "hello\n".getBytes(US_ASCII);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    target.start();
    SampleHeader.of("Socks5").prepare(folder);
    proxy = SampleProcess.start(folder, "Socks5", folder.resolve("rules").toString(), "0");
  }

  @AfterAll
  static void end() throws Exception {
    target.stop(0);
    if (proxy != null) {
      proxy.close();
    }
  }

  @Test
  void servesTheClientsOfItsHeader() throws Exception {
    Programs.need("curl");
    List<String> printed = new ArrayList<>();
    for (String command : SampleHeader.of("Socks5").commands()) {
      if (command.startsWith("curl")) {
        printed.add(curl(command));
      }
    }
    assertEquals(List.of("hello\n", "hello\n"), printed);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "a wrong password,      alice:wrong@127.0.0.1:1080  http://127.0.0.1:8080/",
    "no password,           127.0.0.1:1080              http://127.0.0.1:8080/",
    "a network not allowed, alice:secret@127.0.0.1:1080 http://10.1.2.3:8080/",
  })
  void refuses(String what, String arguments) throws Exception {
    Programs.need("curl");
    try (ChildProcess curl = start("curl -sS --socks5 " + arguments)) {
      assertEquals(97, curl.exitCode(), curl.stderr()); // of curl(1): a proxy handshake error
    }
  }

  private static String curl(String command) throws IOException, InterruptedException {
    try (ChildProcess curl = start(command)) {
      assertEquals(0, curl.exitCode(), () -> command);
      return curl.stdout();
    }
  }

  private static ChildProcess start(String command) throws IOException {
    String there =
        command
            .replace("1080", "" + proxy.port())
            .replace("8080", "" + target.getAddress().getPort());
    return ChildProcess.start(folder, "sh", "-c", there);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "another version,           04,                                              ''",
    "no method that it takes,   050100,                                          05ff",
    "a command it has not,      {alice}0502 0001 7f000001 0001,                  {welcome}0507 0001 00000000 0000",
    "a type it has not,         {alice}0501 0007 7f000001 0001,                  {welcome}0508 0001 00000000 0000",
    "an address not allowed,    {alice}0501 0001 0a010203 0001,                  {welcome}0502 0001 00000000 0000",
    "a name not allowed,        {alice}0501 0003 0b 6578616d706c652e636f6d 0001, {welcome}0502 0001 00000000 0000",
    "a port that is none,       {alice}0501 0001 7f000001 0000,                  {welcome}0501 0001 00000000 0000",
    "a port where nobody is,    {alice}0501 0001 7f000001 {closed},              {welcome}0505 0001 00000000 0000",
  })
  void answersWithItsCode(String what, String sent, String expected) throws Exception {
    int closed;
    try (var socket = new ServerSocket(0)) {
      closed = socket.getLocalPort();
    }
    try (Socket socket = new Socket("127.0.0.1", proxy.port())) {
      socket.getOutputStream().write(bytes(sent.replace("{closed}", "%04x".formatted(closed))));
      socket.shutdownOutput();
      String answer = HEX.formatHex(socket.getInputStream().readAllBytes());
      assertEquals(HEX.formatHex(bytes(expected)), answer);
    } catch (SocketException reset) {
      assertEquals("", expected, "it was reset");
    }
  }

  private static byte[] bytes(String text) {
    String all = text.replace("{alice}", ALICE).replace("{welcome}", WELCOME);
    return HEX.parseHex(all.replace(" ", ""));
  }

  @Test
  void passesOnTheEndOfEachDirection() throws Exception {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket("127.0.0.1", proxy.port())) {
      String port = "%04x".formatted(server.getLocalPort());
      client.getOutputStream().write(bytes("{alice}0501 0001 7f000001" + port));
      try (Socket accepted = server.accept()) {
        client.getOutputStream().write("question".getBytes(US_ASCII));
        client.shutdownOutput();
        assertEquals("question", new String(accepted.getInputStream().readAllBytes(), US_ASCII));
        accepted.getOutputStream().write("answer".getBytes(US_ASCII));
        accepted.shutdownOutput();
        byte[] received = client.getInputStream().readAllBytes();
        assertTrue(new String(received, US_ASCII).endsWith("answer"));
      }
    }
  }

  @Test
  void saysWhichRuleItDoesNotUnderstand() throws Exception {
    Path rules = Files.writeString(folder.resolve("wrong"), "permit all\n");
    try (ChildProcess process = SampleProcess.launch(folder, "Socks5", rules.toString(), "0")) {
      assertEquals(2, process.exitCode());
      assertTrue(process.stderr().contains("this is no rule: permit all"), process.stderr());
    }
  }
}
