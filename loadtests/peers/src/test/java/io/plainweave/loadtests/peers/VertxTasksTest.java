package io.plainweave.loadtests.peers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.parsetools.RecordParser;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Vert.x's side of the guide's ten tasks")
@Timeout(60)
class VertxTasksTest {
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().await();
  }

  // shown: begin echo
  static NetServer echo(Vertx vertx, int port) {
    return vertx
        .createNetServer()
        .connectHandler(socket -> socket.pipeTo(socket))
        .listen(port)
        .await();
  }

  // shown: end

  private static String exchange(Socket client, String text, int length) throws IOException {
    client.setSoTimeout(10_000);
    client.getOutputStream().write(text.getBytes(UTF_8));
    return new String(client.getInputStream().readNBytes(length), UTF_8);
  }

  private static String ask(int port, String text, int length) throws IOException {
    try (Socket client = new Socket("localhost", port)) {
      return exchange(client, text, length);
    }
  }

  private int serve(NetServerOptions options, Handler<NetSocket> handler) {
    return vertx
        .createNetServer(options.setPort(0))
        .connectHandler(handler)
        .listen()
        .await()
        .actualPort();
  }

  private int serve(Handler<NetSocket> handler) {
    return serve(new NetServerOptions(), handler);
  }

  @Test
  void beginWithAnEcho() throws Exception {
    assertEquals("hello\n", ask(echo(vertx, 0).actualPort(), "hello\n", 6));
  }

  // shown: begin lines
  static void greet(NetSocket socket) {
    RecordParser.newDelimited("\n", socket)
        .maxRecordSize(8_192)
        .exceptionHandler(_ -> socket.close())
        .handler(name -> socket.write("hello " + name + "\n"));
  }

  // shown: end

  @Test
  void haveLines() throws Exception {
    assertEquals("hello Ada\n", ask(serve(VertxTasksTest::greet), "Ada\n", 10));
  }

  // shown: begin frames
  static void answer(NetSocket socket) {
    RecordParser frames = RecordParser.newFixed(4, socket);
    var length = new AtomicInteger(-1); // of the frame whose prefix was read
    frames.handler(part -> {
      if (length.get() < 0) {
        length.set(part.getInt(0));
        if (length.get() < 1 || length.get() > 1 << 20) { // an empty frame: yours to treat
          socket.close();
        } else {
          frames.fixedSizeMode(length.get());
        }
      } else {
        socket.write(Buffer.buffer().appendInt(part.length()).appendBuffer(part));
        length.set(-1);
        frames.fixedSizeMode(4);
      }
    });
  }

  // shown: end

  @Test
  void haveFrames() throws Exception {
    assertEquals("\0\0\0\2hi", ask(serve(VertxTasksTest::answer), "\0\0\0\2hi", 6));
  }

  // shown: begin silence
  static NetServerOptions patient() {
    return new NetServerOptions().setIdleTimeout(60).setIdleTimeoutUnit(TimeUnit.SECONDS);
    // A message that drips in needs a timer of your own.
  }

  // shown: end

  @Test
  void endWhoIsSilent() throws Exception {
    assertEquals("hello Ada\n", ask(serve(patient(), VertxTasksTest::greet), "Ada\n", 10));
  }

  // shown: begin broadcast
  static final Set<NetSocket> ROOM = ConcurrentHashMap.newKeySet();

  static void chat(NetSocket socket) {
    ROOM.add(socket);
    socket.closeHandler(_ -> ROOM.remove(socket));
    RecordParser.newDelimited("\n", socket)
        .maxRecordSize(1_000)
        .exceptionHandler(_ -> socket.close())
        .handler(line -> {
          for (NetSocket member : ROOM) {
            if (member.writeQueueFull()) {
              member.close();
            } else {
              member.write(line + "\n");
            }
          }
        });
  }

  // shown: end

  @Test
  void tellAll() throws Exception {
    int port = serve(VertxTasksTest::chat);
    try (Socket first = new Socket("localhost", port);
        Socket second = new Socket("localhost", port)) {
      assertEquals("hi\n", exchange(first, "hi\n", 3));
      String heard = exchange(second, "hi\n", 3);
      assertEquals("hi\n", heard);
    }
  }

  // shown: begin tls
  static NetServerOptions secure(String chain, String key) {
    return new NetServerOptions()
        .setSsl(true)
        .setKeyCertOptions(new PemKeyCertOptions().setCertPath(chain).setKeyPath(key));
    // NetServer.updateSSLOptions takes new files.
  }

  // shown: end

  @Test
  void haveTls(@TempDir Path folder) throws Exception {
    Certificate.in(folder);
    NetServerOptions options =
        secure(Certificate.chain(folder).toString(), Certificate.key(folder).toString());
    int port = serve(options, VertxTasksTest::greet);
    try (Socket client = Certificate.trusting(folder).createSocket("localhost", port)) {
      assertEquals("hello Ada\n", exchange(client, "Ada\n", 10));
    }
  }

  // shown: begin relay
  static void relay(NetSocket socket, Vertx vertx, String host, int port) {
    NetClient client = vertx.createNetClient(new NetClientOptions().setConnectTimeout(2_000));
    socket.pause(); // nothing is read before there is somewhere to write
    client
        .connect(port, host)
        .onSuccess(upstream -> {
          upstream.pipeTo(socket);
          socket.pipeTo(upstream);
        })
        .onFailure(_ -> socket.close());
  }

  // shown: end

  @Test
  void goOnToAnother() throws Exception {
    int target = echo(vertx, 0).actualPort();
    int port = serve(socket -> relay(socket, vertx, "localhost", target));
    assertEquals("hello\n", ask(port, "hello\n", 6));
  }

  // shown: begin limit
  static final AtomicInteger OPEN = new AtomicInteger();

  static void limited(NetSocket socket) {
    if (OPEN.incrementAndGet() > 10_000) { // accepted, and then closed
      socket.close();
    }
    socket.closeHandler(_ -> OPEN.decrementAndGet());
    socket.pipeTo(socket);
  }

  // shown: end

  @Test
  void haveALimit() throws Exception {
    assertEquals("hello\n", ask(serve(VertxTasksTest::limited), "hello\n", 6));
  }

  // shown: begin shutdown
  static void stop(NetServer server, Vertx vertx) {
    // Each socket's shutdownHandler hears of it; who has not closed after the time is closed.
    server.shutdown(20, TimeUnit.SECONDS).await();
    vertx.close().await();
  }

  // shown: end

  @Test
  void endInOrder() {
    Vertx other = Vertx.vertx();
    stop(echo(other, 0), other);
  }

  @Test
  void areTested() throws Exception {
    // shown: begin test
    NetServer server =
        vertx.createNetServer().connectHandler(VertxTasksTest::greet).listen(0).await();
    try (Socket client = new Socket("localhost", server.actualPort())) {
      client.getOutputStream().write("Ada\n".getBytes(UTF_8));
      assertEquals("hello Ada\n", new String(client.getInputStream().readNBytes(10), UTF_8));
    }
    // shown: end
  }
}
