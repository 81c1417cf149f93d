package io.plainweave.faults;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** HAProxy with a configuration of a test, at an address that no other test has. */
final class Haproxy implements AutoCloseable {
  private final Process process;
  private final InetAddress address;
  private final Path output;

  private Haproxy(Process process, InetAddress address, Path output) {
    this.process = process;
    this.address = address;
    this.output = output;
  }

  /**
   * Starts it.
   *
   * @param listens what it listens to, with ADDRESS for its address and FOLDER for the folder
   */
  static Haproxy start(Path folder, String listens) throws IOException {
    long pid = ProcessHandle.current().pid();
    String address = "127.78.%d.%d".formatted(pid >> 8 & 0xFF, pid & 0xFF);
    String settings =
        """
        global
          maxconn 100
        defaults
          mode tcp
          timeout connect 10s
          timeout client 10s
          timeout server 10s
        """;
    Path file = folder.resolve("haproxy.cfg");
    Path output = folder.resolve("haproxy.log");
    Files.writeString(
        file, settings + listens.replace("ADDRESS", address).replace("FOLDER", folder.toString()));
    Process process =
        new ProcessBuilder("haproxy", "-db", "-f", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.getOutputStream().close();
    return new Haproxy(process, InetAddress.ofLiteral(address), output);
  }

  String address() {
    return address.getHostAddress();
  }

  /** Connects to one of its ports, as soon as it listens there. */
  Socket connect(int port) {
    return await()
        .ignoreExceptionsMatching(e -> e instanceof ConnectException && process.isAlive())
        .until(
            () -> {
              if (!process.isAlive()) {
                throw new AssertionError("HAProxy does not run: " + Files.readString(output));
              }
              var socket = new Socket(address, port);
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
