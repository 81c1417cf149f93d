package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A program that has connected")
@Timeout(60)
class ProcessEndFaultsTest {
  @Test
  void endsWithItsMainMethodAndClosesWhatItHasLeftOpen() throws Exception {
    try (var target = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
      target.setSoTimeout(30_000);
      List<String> command = JavaProgram.command(ConnectAndReturnMain.class, List.of());
      command.add(Integer.toString(target.getLocalPort()));
      Process program = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (Socket first = target.accept();
          Socket second = target.accept()) {
        for (Socket peer : List.of(first, second)) {
          peer.setSoTimeout(30_000);
          assertEquals(-1, peer.getInputStream().read());
        }
        assertTrue(program.waitFor(30, TimeUnit.SECONDS));
        assertEquals("connected\n", new String(program.getInputStream().readAllBytes(), US_ASCII));
        assertEquals(0, program.exitValue());
      } finally {
        program.destroyForcibly();
      }
    }
  }
}
