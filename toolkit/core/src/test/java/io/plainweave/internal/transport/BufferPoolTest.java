package io.plainweave.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.TcpOptions;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.faults.Machine;
import io.plainweave.server.Server;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Where many peers do not read and direct memory is short, buffers")
@Timeout(60)
class BufferPoolTest {
  private static final DirectMemory NONE = new DirectMemory(0, Optional.empty());
  private static final DirectMemory ENOUGH = new DirectMemory(1L << 40, Optional.empty());

  @Test
  void comeFromTheHeapAndAreNotKept() {
    var pool = new BufferPool(NONE);
    ByteBuffer buffer = pool.take();
    assertFalse(buffer.isDirect());
    assertEquals(BufferPool.BUFFER_SIZE, buffer.remaining());
    assertEquals(BufferPool.BUFFER_SIZE, pool.takeLarge().remaining());
    pool.give(buffer);
    assertNotSame(buffer, pool.take());
  }

  @Test
  void areDirectOtherwiseAndKept() {
    var pool = new BufferPool(ENOUGH);
    ByteBuffer buffer = pool.take();
    assertTrue(buffer.isDirect());
    assertTrue(pool.takeLarge().isDirect());
    pool.give(buffer);
    assertSame(buffer, pool.take());
  }

  /** A process with a server that sends more than its clients read. */
  public static final class Sender {
    /** Says its port, and when direct memory is short; ends with its standard input. */
    public static void main(String[] args) throws Exception {
      Server server =
          Server.builder()
              .listen(Listen.tcp("127.0.0.1", 0).options(TcpOptions.DEFAULT.sendBuffer(65_536)))
              .timeLimits(TimeLimits.NONE)
              .observer(event -> {
                if (event instanceof ServerEvent.DirectMemoryShort) {
                  System.out.println("short");
                }
              })
              .handler(connection -> {
                var message = new byte[1_000];
                for (int left = connection.input().read() * 100; left > 0; left--) {
                  connection.output().write(message);
                }
              })
              .start();
      System.out.println(server.port());
      while (System.in.read() >= 0) {}
      Runtime.getRuntime().halt(0);
    }
  }

  @Test
  void comeFromTheHeapSoThatOthersAreServedAndItIsTold() throws Exception {
    Process process =
        new ProcessBuilder(
                Machine.java(),
                "-Xmx128m",
                "-XX:MaxDirectMemorySize=1m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Sender.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<Socket> readers = new ArrayList<>();
    try (BufferedReader lines = process.inputReader()) {
      int port = Integer.parseInt(lines.readLine());
      // Twice as many as there is direct memory for.
      for (int i = 0; i < 128; i++) {
        ask(port, 100, 4_096, readers);
      }
      assertEquals("short", lines.readLine());
      for (int i = 0; i < 5; i++) {
        Socket served = ask(port, 1, 65_536, readers);
        assertEquals(100_000, served.getInputStream().readAllBytes().length);
      }
    } finally {
      for (Socket reader : readers) {
        reader.close();
      }
      process.destroyForcibly().onExit().join();
    }
  }

  private static Socket ask(int port, int hundreds, int buffer, List<Socket> readers)
      throws IOException {
    var reader = new Socket();
    readers.add(reader);
    reader.setReceiveBufferSize(buffer);
    reader.setSoTimeout(30_000);
    reader.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    reader.getOutputStream().write(hundreds);
    return reader;
  }
}
