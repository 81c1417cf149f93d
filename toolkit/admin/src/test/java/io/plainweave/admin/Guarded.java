package io.plainweave.admin;

import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A server with an admin listener, and raw clients of both. */
final class Guarded implements AutoCloseable {
  static final Handler ECHO =
      connection -> {
        int b = connection.input().read();
        while (b >= 0) {
          connection.output().write(b);
          connection.output().flush();
          b = connection.input().read();
        }
      };

  final Server server;

  private Guarded(Server server) {
    this.server = server;
  }

  static Guarded start() throws IOException, InterruptedException {
    return start(Guarded.ECHO);
  }

  static Guarded start(Handler handler) throws IOException, InterruptedException {
    return start(Server.builder().handler(handler));
  }

  /** Starts it with a listener called {@code service}, and the one for administration behind it. */
  static Guarded start(ServerBuilder builder) throws IOException, InterruptedException {
    return start(builder, Admin.listen(Listen.tcp("127.0.0.1", 0)));
  }

  static Guarded start(ServerBuilder builder, Admin admin)
      throws IOException, InterruptedException {
    return start(builder, Listen.tcp("127.0.0.1", 0), admin);
  }

  static Guarded start(ServerBuilder builder, Listen service)
      throws IOException, InterruptedException {
    return start(builder, service, Admin.listen(Listen.tcp("127.0.0.1", 0)));
  }

  private static Guarded start(ServerBuilder builder, Listen service, Admin admin)
      throws IOException, InterruptedException {
    builder.listen(service.name("service")).stopOnSignal(false);
    return new Guarded(admin.addTo(builder).start());
  }

  int port() {
    return ((InetSocketAddress) server.addresses().get(1)).getPort();
  }

  String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), server.port());
  }

  /** A client of the service whose handler runs. */
  Socket connectAndExchange() throws IOException {
    Socket client = connect();
    client.getOutputStream().write('a');
    if (client.getInputStream().read() != 'a') {
      throw new IOException("no echo");
    }
    return client;
  }

  Socket connectToAdmin() throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), port());
    client.setSoTimeout(20_000);
    return client;
  }

  /** All that is answered to some bytes, until the end, which the bytes ask for. */
  String exchange(String request) throws IOException {
    try (Socket client = connectToAdmin()) {
      client.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      client.shutdownOutput();
      return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** One answer of a connection that is kept, which has a Content-Length. */
  static String readAnswer(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int b = in.read();
      if (b < 0) {
        throw new IOException("the answer ends in its head: " + head);
      }
      head.append((char) b);
    }
    String length = head.substring(head.indexOf("Content-Length: ") + 16);
    int size = Integer.parseInt(length.substring(0, length.indexOf('\r')));
    return head + new String(in.readNBytes(size), StandardCharsets.UTF_8);
  }

  static String statusLine(String answer) {
    return answer.lines().findFirst().orElse("nothing");
  }

  void awaitConnections(int number) {
    await().atMost(Duration.ofSeconds(20)).until(() -> server.connections() == number);
  }

  static long descriptors() {
    return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getOpenFileDescriptorCount();
  }

  /** A handler that answers a byte, and then waits until it is interrupted. */
  static void hold(Connection connection) throws Exception {
    connection.output().write(connection.input().read());
    connection.output().flush();
    new CountDownLatch(1).await();
  }

  @Override
  public void close() {
    server.shutdownNow();
    server.close();
  }
}
