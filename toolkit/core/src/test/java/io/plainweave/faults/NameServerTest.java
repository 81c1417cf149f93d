package io.plainweave.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.client.DatagramConnection;
import io.plainweave.client.DatagramConnector;
import java.io.IOException;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A client by UDP of another server")
@Tag("machine")
@Timeout(60)
class NameServerTest {
  @TempDir private Path folder;

  @Test
  void isAnsweredByNsdAndToldWhenNsdHasGone() throws Exception {
    Machine.needs("nsd");
    int port = Ports.unused();
    Process nsd = nsd(port);
    DatagramConnector connector =
        DatagramConnector.udp("127.0.0.1", port).repeatAfter(Duration.ofMillis(300));
    try (DatagramConnection connection = connector.connect()) {
      byte[] answer =
          await()
              .ignoreExceptionsMatching(e -> e instanceof PortUnreachableException && nsd.isAlive())
              .until(() -> ask(connection, "www.example.test"), _ -> true);
      // Behind the header, the question, and the head of the one record.
      int data = 12 + "www.example.test".length() + 2 + 4 + 12;
      assertArrayEquals(
          new byte[] {(byte) 192, 0, 2, 80}, Arrays.copyOfRange(answer, data, data + 4));
      byte[] none = ask(connection, "none.example.test");
      assertEquals(3, none[3] & 0xF, "NXDOMAIN");

      nsd.destroy();
      assertTrue(nsd.waitFor(10, TimeUnit.SECONDS));
      assertEquals(
          PortUnreachableException.class, failure(connection, "www.example.test").getClass());
      assertTrue(connection.isOpen());
    } finally {
      nsd.destroyForcibly();
    }
  }

  private static Exception failure(DatagramConnection connection, String name) {
    try {
      ask(connection, name);
      throw new AssertionError("nobody is there to answer");
    } catch (IOException | InterruptedException e) {
      return e;
    }
  }

  /** Asks for an address (RFC 1035, section 4). */
  private static byte[] ask(DatagramConnection connection, String name)
      throws IOException, InterruptedException {
    short id = (short) ThreadLocalRandom.current().nextInt();
    ByteBuffer query = ByteBuffer.allocate(512);
    query.putShort(id).putShort((short) 0).putShort((short) 1).putShort((short) 0).putInt(0);
    for (String label : name.split("\\.")) {
      query.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
    }
    query.put((byte) 0).putShort((short) 1).putShort((short) 1).flip();
    byte[] request = Arrays.copyOf(query.array(), query.limit());
    return connection.ask(
        request,
        Duration.ofSeconds(5),
        reply -> reply.length >= 12 && ByteBuffer.wrap(reply).getShort() == id && reply[2] < 0);
  }

  private Process nsd(int port) throws IOException {
    Files.writeString(
        folder.resolve("zone"),
        """
        example.test. 300 SOA ns.example.test. admin.example.test. 1 7200 3600 1209600 300
        example.test. 300 NS ns.example.test.
        www.example.test. 300 A 192.0.2.80
        """);
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
                .formatted(port, folder, folder, folder));
    return new ProcessBuilder("nsd", "-d", "-c", settings.toString())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("nsd.log").toFile())
        .start();
  }
}
