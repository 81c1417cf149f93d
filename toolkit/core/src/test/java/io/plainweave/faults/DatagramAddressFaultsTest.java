package io.plainweave.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.ResourceGuard;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Asks by dig, which takes no reply from an address that it has not asked. */
@DisplayName("Table D: datagrams to a host with several addresses")
@Tag("machine")
@ExtendWith(ResourceGuard.class)
@Timeout(120)
class DatagramAddressFaultsTest {
  /** Addresses of the server's host. */
  private static final List<String> ADDRESSES =
      List.of("10.9.0.1", "10.9.0.5", "10.9.9.1", "fd00:9::1", "fd00:9::5");

  @BeforeAll
  static void needsNamespaces() {
    Machine.needsRoot("ip", "dig", "python3");
  }

  /** A server on a host with several addresses, and another host. */
  private static final class Service implements AutoCloseable {
    private final Network network;
    private final Process process;
    private final String port;

    Service(String kind) throws IOException, InterruptedException {
      Machine.needsIpv6();
      network = Network.create();
      try {
        for (String address : ADDRESSES.subList(1, ADDRESSES.size())) {
          address("add", address);
        }
        network.client.run("ip", "route", "add", "10.9.9.0/24", "dev", network.client.device());
        network.client.run("ip", "addr", "add", "fd00:9::2/64", "dev", "vc", "nodad");
        List<String> command = JavaProgram.command(DatagramMain.class, List.of());
        command.add(kind);
        process = network.server.start(command.toArray(String[]::new));
      } catch (IOException | InterruptedException | Error e) {
        network.close();
        throw e;
      }
      // Before it there may be a line of the log.
      port =
          process
              .inputReader()
              .lines()
              .filter(line -> line.matches("\\d+"))
              .findFirst()
              .orElseThrow();
    }

    /** Gives the host an address, or takes it. */
    void address(String verb, String address) throws IOException, InterruptedException {
      List<String> command = new ArrayList<>(List.of("ip", "addr", verb));
      command.add(address + (address.contains(":") ? "/64" : "/24"));
      command.addAll(List.of("dev", network.server.device()));
      if (address.contains(":") && verb.equals("add")) {
        command.add("nodad");
      }
      network.server.run(command.toArray(String[]::new));
    }

    /** Whether dig on a host takes the answer of the server at the address. */
    boolean answers(Network.Host asking, String address) throws IOException, InterruptedException {
      String command = "dig +tries=1 +time=3 -p %s @%s example.test || true";
      String said = asking.run("sh", "-c", command.formatted(port, address));
      return said.contains("status: NOERROR") && said.contains("SERVER: " + address + "#" + port);
    }

    void awaitAnswers(String address) {
      await().atMost(Duration.ofSeconds(30)).until(() -> answers(network.client, address));
    }

    @Override
    public void close() throws IOException, InterruptedException {
      try {
        process.destroyForcibly().waitFor();
      } finally {
        network.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "receivers", "tcp"})
  void d7AreAnsweredFromTheAddressThatWasAsked(String kind) throws Exception {
    try (Service service = new Service(kind)) {
      for (String address : ADDRESSES) {
        assertTrue(service.answers(service.network.client, address), address);
      }
    }
  }

  @Test
  @Tag("slow")
  void d7AreAnsweredFromAnAddressThatHasComeLaterOrComesAgain() throws Exception {
    try (Service service = new Service("plain")) {
      service.address("add", "10.9.0.7");
      service.awaitAnswers("10.9.0.7");
      service.address("del", "10.9.0.5");
      service.address("add", "fd00:9::7");
      // By then it has noticed that the other one is gone.
      service.awaitAnswers("fd00:9::7");
      service.address("add", "10.9.0.5");
      service.awaitAnswers("10.9.0.5");
      assertTrue(service.answers(service.network.client, "10.9.0.1"));
    }
  }

  @Test
  void d7AreAnsweredFromAnAddressOfTheLoopbackInterfaceIfItIsGivenOne() throws Exception {
    try (Service service = new Service("plain")) {
      Network.Host host = service.network.server;
      assertTrue(service.answers(host, "127.0.0.1"));
      assertTrue(service.answers(host, "::1"));
      host.run("ip", "addr", "add", "127.0.0.2/8", "dev", "lo");
      await().atMost(Duration.ofSeconds(30)).until(() -> service.answers(host, "127.0.0.2"));
    }
  }

  @Test
  void d7AreOfASessionForEachAddressThatAPeerAsks() throws Exception {
    try (Service service = new Service("sessions")) {
      String program =
          """
          import socket
          s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
          s.settimeout(10)
          for host in '10.9.0.1', '10.9.0.5', '10.9.0.1':
              s.sendto(b'hello', (host, %s))
              reply, sender = s.recvfrom(100)
              print(sender[0], reply.decode())
          """;
      assertEquals(
          "10.9.0.1 1\n10.9.0.5 1\n10.9.0.1 2\n",
          service.network.client.run("python3", "-c", program.formatted(service.port)));
    }
  }
}
