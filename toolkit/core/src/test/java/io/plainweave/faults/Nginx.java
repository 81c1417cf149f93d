package io.plainweave.faults;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** nginx as a proxy of streams, with a configuration of a test, at an address of its own. */
final class Nginx implements AutoCloseable {
  private static final Path STREAM_MODULE = Path.of("/usr/lib/nginx/modules/ngx_stream_module.so");

  private final Process process;
  private final InetAddress address;
  private final Path log;

  private Nginx(Process process, InetAddress address, Path log) {
    this.process = process;
    this.address = address;
    this.log = log;
  }

  /** Skips the test where it is missing. */
  static void needed() {
    Machine.needs("nginx");
    Machine.needs(Files.exists(STREAM_MODULE), "there is no " + STREAM_MODULE);
  }

  /**
   * Starts it.
   *
   * @param servers what it serves, with ADDRESS for its address and FOLDER for the folder
   */
  static Nginx start(Path folder, String servers) throws IOException {
    long pid = ProcessHandle.current().pid();
    String address = "127.79.%d.%d".formatted(pid >> 8 & 0xFF, pid & 0xFF);
    String settings =
        """
        load_module STREAM_MODULE;
        daemon off;
        master_process off;
        pid FOLDER/nginx.pid;
        events { worker_connections 100; }
        stream {
        SERVERS
        }
        """;
    Path file = folder.resolve("nginx.conf");
    Path log = folder.resolve("nginx.log");
    Files.writeString(
        file,
        settings
            .replace("STREAM_MODULE", STREAM_MODULE.toString())
            .replace("SERVERS", servers)
            .replace("ADDRESS", address)
            .replace("FOLDER", folder.toString()));
    Process process =
        new ProcessBuilder("nginx", "-e", log.toString(), "-c", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close();
    return new Nginx(process, InetAddress.ofLiteral(address), log);
  }

  String address() {
    return address.getHostAddress();
  }

  /** Connects to one of its ports, as soon as it listens there. */
  Socket connect(int port) {
    return connect(address, port);
  }

  Socket connect(InetAddress at, int port) {
    return await()
        .ignoreExceptionsMatching(e -> e instanceof ConnectException && process.isAlive())
        .until(
            () -> {
              if (!process.isAlive()) {
                throw new AssertionError("nginx does not run: " + Files.readString(log));
              }
              var socket = new Socket(at, port);
              socket.setSoTimeout(10_000);
              return socket;
            },
            socket -> true);
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
