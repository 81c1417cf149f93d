package io.plainweave.framing;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.faults.Machine;
import io.plainweave.server.Server;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A process with little memory, to be sent lengths that lie: one server for each framing, which
 * replies to each message with a dot. It ends at the end of its standard input.
 */
final class SmallHeapServer implements AutoCloseable {
  /** The limit of each framing but the lines; six messages of it would not fit into the heap. */
  static final int LARGE = 8 << 20;

  static final int LINE = 64 << 10;

  /** What each port reads. */
  enum Framing {
    LINES(connection -> Lines.of(connection, LINE)::read),
    DELIMITED(connection -> Frames.delimited(connection, new byte[] {0}, LINE)::read),
    FIXED(connection -> Frames.fixed(connection, LARGE)::read),
    U24(prefixed(LengthPrefix.U24_BIG_ENDIAN)),
    U32(prefixed(LengthPrefix.U32_BIG_ENDIAN)),
    U32_LITTLE(prefixed(LengthPrefix.U32_LITTLE_ENDIAN)),
    VARINT(prefixed(LengthPrefix.VARINT));

    private final Function<Connection, Source> source;

    Framing(Function<Connection, Source> source) {
      this.source = source;
    }

    private static Function<Connection, Source> prefixed(LengthPrefix prefix) {
      return connection -> Frames.lengthPrefixed(connection, prefix, LARGE)::read;
    }
  }

  private interface Source {
    Object read() throws IOException;
  }

  /** Runs in the process. */
  public static void main(String[] args) throws Exception {
    List<Server> servers = new ArrayList<>();
    for (Framing framing : Framing.values()) {
      servers.add(
          Server.builder()
              .listen(Listen.tcp("127.0.0.1", 0))
              .handler(connection -> {
                Source source = framing.source.apply(connection);
                while (source.read() != null) {
                  connection.output().write('.');
                }
              })
              .start());
    }
    for (Server server : servers) {
      System.out.println(server.port());
    }
    while (System.in.read() >= 0) {}
    for (Server server : servers) {
      server.close();
    }
  }

  private final Process process;
  private final List<Integer> ports = new ArrayList<>();

  SmallHeapServer() throws IOException {
    process =
        new ProcessBuilder(
                Machine.java(),
                "-Xmx64m",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                SmallHeapServer.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var out = process.inputReader();
    for (Framing _ : Framing.values()) {
      String port = out.readLine();
      if (port == null) {
        throw new IOException("the process has ended before it has listened");
      }
      ports.add(Integer.parseInt(port));
    }
  }

  int port(Framing framing) {
    return ports.get(framing.ordinal());
  }

  /** Lets the process end, and returns its exit code. */
  int end() throws IOException, InterruptedException {
    process.getOutputStream().close();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("the process does not end");
    }
    return process.exitValue();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
  }
}
