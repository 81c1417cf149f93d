package io.plainweave.internal.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.faults.Machine;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Ticks;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A server whose memory is short")
@Timeout(300)
class MemoryShortTest {
  private static final List<String> COLLECTORS =
      List.of("UseSerialGC", "UseParallelGC", "UseG1GC", "UseZGC");

  private static final int PIECE = 10_000;
  private static final int PIECES_OF_A_CONNECTION = 100;
  private static final int PIECES_OF_THE_PROGRAM = 3_000;

  /** So many connections do not fit into the heap. */
  private static final int MOST = 70;

  /** A process with a server whose connections hold a megabyte each. */
  public static final class Holder {
    private static final List<byte[]> OWN = pieces(PIECES_OF_THE_PROGRAM);

    /** Says its port, and then a line when memory is short; ends with its standard input. */
    public static void main(String[] args) throws Exception {
      Server server =
          Server.builder()
              .listen(Listen.tcp("127.0.0.1", 0))
              .timeLimits(TimeLimits.NONE)
              .observer(event -> {
                if (event instanceof ServerEvent.MemoryShort) {
                  System.out.println("short");
                }
              })
              .handler(Holder::handle)
              .start();
      System.out.println(server.port());
      while (System.in.read() >= 0) {}
      Runtime.getRuntime().halt(OWN.isEmpty() ? 1 : 0);
    }

    private static void handle(Connection connection) throws Exception {
      List<byte[]> held = pieces(PIECES_OF_A_CONNECTION);
      // The reaper looks at memory before the client asks for more of it.
      Ticks ticks = ((SocketConnection) connection).home().ticks();
      for (int begun = ticks.now(); ticks.now() == begun; ) {
        Thread.sleep(5);
      }
      connection.output().write(held.size());
      connection.input().transferTo(connection.output());
      connection.output().write(held.size());
    }

    private static List<byte[]> pieces(int count) {
      List<byte[]> held = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        held.add(new byte[PIECE]);
      }
      return held;
    }
  }

  @Test
  @Tag("slow")
  void letsNobodyElseInServesThoseWhoAreThereAndComesBackWhenTheyAreGone() throws Exception {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> runs = new ArrayList<>();
      for (String collector : COLLECTORS) {
        runs.add(executor.submit(() -> fillAndRelease(collector)));
      }
      for (int i = 0; i < runs.size(); i++) {
        try {
          runs.get(i).get();
        } catch (ExecutionException e) {
          throw new AssertionError(COLLECTORS.get(i), e.getCause());
        }
      }
    }
  }

  private static Void fillAndRelease(String collector) throws IOException {
    Process process =
        new ProcessBuilder(
                Machine.java(),
                "-XX:+" + collector,
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<Socket> clients = new ArrayList<>();
    try (var lines = process.inputReader()) {
      int port = Integer.parseInt(lines.readLine());
      List<Socket> served = new ArrayList<>();
      Socket waiting = null;
      while (waiting == null) {
        assertTrue(served.size() < MOST, "more is held than there is");
        Socket client = connect(port, clients);
        if (isServed(client)) {
          served.add(client);
        } else if (lines.ready()) {
          waiting = client;
        }
      }
      for (Socket client : served) {
        client.setSoTimeout(60_000);
        client.getOutputStream().write('?');
        assertEquals('?', client.getInputStream().read());
      }
      clients.remove(waiting);
      for (Socket client : clients) {
        client.close();
      }
      clients.add(waiting);
      waiting.setSoTimeout(60_000);
      for (Socket fresh : List.of(waiting, connect(port, clients), connect(port, clients))) {
        assertEquals(PIECES_OF_A_CONNECTION, fresh.getInputStream().read());
      }
      return null;
    } finally {
      for (Socket client : clients) {
        client.close();
      }
      process.destroyForcibly().onExit().join();
    }
  }

  /** Whether it is served for as long as a server could forget that memory is short. */
  private static boolean isServed(Socket client) throws IOException {
    client.setSoTimeout(1_500);
    try {
      return client.getInputStream().read() == PIECES_OF_A_CONNECTION;
    } catch (SocketTimeoutException waits) {
      return false;
    }
  }

  private static Socket connect(int port, List<Socket> clients) throws IOException {
    var client = new Socket("127.0.0.1", port);
    clients.add(client);
    client.setSoTimeout(60_000);
    return client;
  }
}
