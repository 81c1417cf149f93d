package io.plainweave.loadtests.havoc;

import io.plainweave.Connection;
import io.plainweave.Duplex;
import io.plainweave.client.ConnectionPool;
import io.plainweave.client.Connector;
import io.plainweave.client.PoolLimits;
import io.plainweave.client.Relay;
import io.plainweave.framing.Frames;
import io.plainweave.framing.LengthPrefix;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.udp.DatagramSession;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** The handlers of the server. The first byte of a connection says what is wanted. */
final class Service implements AutoCloseable {
  static final int LONGEST = 4_000;

  private static final Duration LAST_DATAGRAM = Duration.ofSeconds(3);
  private static final int QUEUED = 1_000;

  private final Map<String, Thread> handlers = new ConcurrentHashMap<>();
  private final Map<String, Group> rooms = new ConcurrentHashMap<>();
  private final AtomicLong handled = new AtomicLong();
  private final Defect defect;

  /** Descriptors of {@link Defect#DESCRIPTOR}. */
  private final Queue<FileInputStream> kept = new ConcurrentLinkedQueue<>();

  /** Set before the server starts to listen. */
  private volatile Connector echo;

  private volatile ConnectionPool backend;

  Service(Defect defect) {
    this.defect = defect;
  }

  /** Says where the server itself is, as which relays and pools know it. */
  void reaches(int port, int backendPort) {
    echo = Connector.tcp("127.0.0.1", port).connectTimeout(Duration.ofSeconds(20));
    backend =
        new ConnectionPool(
            Connector.tcp("127.0.0.1", backendPort).connectTimeout(Duration.ofSeconds(20)),
            PoolLimits.DEFAULT.maxOpen(8).borrowTimeout(Duration.ofSeconds(20)));
  }

  /** Interrupts the handler of a client; returns whether there was one. */
  boolean interrupt(String client) {
    Thread thread = handlers.get(client);
    if (thread == null) {
      return false;
    }
    thread.interrupt();
    return true;
  }

  /** How clients are named: by both ports. */
  static String client(Connection connection) {
    return port(connection.remoteAddress()) + "/" + port(connection.localAddress());
  }

  private static int port(SocketAddress address) {
    return address instanceof InetSocketAddress tcp ? tcp.getPort() : 0;
  }

  void handle(Connection connection) throws Exception {
    String client = client(connection);
    handlers.put(client, Thread.currentThread());
    try {
      serve(connection);
    } finally {
      handlers.remove(client, Thread.currentThread());
    }
  }

  private void serve(Connection connection) throws Exception {
    if (!connection.awaitMessage()) {
      return;
    }
    int wanted = connection.input().read();
    doWrong(handled.incrementAndGet());
    switch (wanted) {
      case 'e' -> echo(connection);
      case 'f' -> answer(connection);
      case 'p' -> push(connection);
      case 'g' -> join(connection);
      case 'r' -> relay(connection);
      case 'P' -> askBackend(connection);
      default -> throw new IllegalStateException("nobody asks for " + wanted);
    }
  }

  private void doWrong(long number) throws IOException {
    if (defect == Defect.DESCRIPTOR && number % 20 == 0) {
      kept.add(new FileInputStream("/dev/null"));
    }
    while (defect == Defect.STUCK && number == 40) {
      LockSupport.parkNanos(1_000_000_000);
    }
  }

  private static void echo(Connection connection) throws IOException {
    connection.endMessage();
    connection.input().transferTo(connection.output());
  }

  private static Frames frames(Duplex duplex) {
    return Frames.lengthPrefixed(duplex, LengthPrefix.U16_BIG_ENDIAN, LONGEST);
  }

  /** Also the handler of the listener behind the pool. */
  void answer(Connection connection) throws IOException {
    Frames frames = frames(connection);
    for (byte[] frame; (frame = frames.read()) != null; ) {
      byte[] answer = Bytes.answer(frame);
      if (defect == Defect.WRONG_BYTE && handled.incrementAndGet() % 200 == 0) {
        answer[answer.length / 2]++;
      }
      frames.write(answer);
    }
  }

  private static void push(Connection connection) throws Exception {
    var input = new DataInputStream(connection.input());
    long sender = input.readLong();
    int count = input.readInt();
    connection.endMessage();
    try (var scope = connection.openScope()) {
      var outbox = new Outbox(connection, 16, Outbox.Policy.BLOCK);
      scope.fork("outbox", outbox);
      for (int i = 0; i < count; i++) {
        // A message that is refused is one of a connection that has ended.
        if (!outbox.offer(Bytes.message(sender, i))) {
          break;
        }
      }
      outbox.close();
      scope.join();
    }
  }

  private void join(Connection connection) throws Exception {
    Frames frames = frames(connection);
    byte[] name = frames.read();
    if (name == null) {
      return;
    }
    Group room = rooms.computeIfAbsent("room " + name[0], _ -> new Group());
    try (var scope = connection.openScope()) {
      var outbox = new Outbox(connection, QUEUED, Outbox.Policy.DISCONNECT);
      scope.fork("outbox", outbox);
      room.join("member " + connection.id(), outbox);
      outbox.offer(framed(name));
      for (byte[] frame; (frame = frames.read()) != null; ) {
        room.broadcast(framed(frame));
      }
      outbox.close();
      scope.join();
    }
  }

  private static byte[] framed(byte[] message) {
    byte[] framed = new byte[2 + message.length];
    framed[0] = (byte) (message.length >> 8);
    framed[1] = (byte) message.length;
    System.arraycopy(message, 0, framed, 2, message.length);
    return framed;
  }

  private void relay(Connection connection) throws Exception {
    connection.endMessage();
    try (Connection upstream = echo.connect()) {
      Relay.between(connection, upstream);
    }
  }

  private void askBackend(Connection connection) throws Exception {
    Frames frames = frames(connection);
    for (byte[] frame; (frame = frames.read()) != null; ) {
      byte[] answer;
      try {
        answer = ask(frame);
      } catch (IOException gone) {
        answer = ask(frame); // it may have ended in the moment after the look at it
      }
      frames.write(answer);
    }
  }

  private byte[] ask(byte[] request) throws IOException, InterruptedException {
    try (ConnectionPool.Lease lease = backend.borrow()) {
      Frames frames = frames(lease.connection());
      frames.write(request);
      byte[] answer = frames.read();
      if (answer == null) {
        throw new IOException("the backend has finished");
      }
      lease.giveBack();
      return answer;
    }
  }

  /** Answers each datagram; an empty one is the last. */
  void handle(DatagramSession session) throws InterruptedException {
    for (byte[] datagram; (datagram = session.receive(LAST_DATAGRAM)) != null; ) {
      if (datagram.length == 0) {
        return;
      }
      session.send(Bytes.answer(datagram));
    }
  }

  /** Closes the connections of the pool that are idle. */
  @Override
  public void close() {
    backend.close();
  }
}
