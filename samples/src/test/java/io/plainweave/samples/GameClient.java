package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A player: chats by TCP, and tells by UDP ten times a second where it is. */
final class GameClient implements AutoCloseable {
  private static final int MOST_BYTES = 1_200;

  /** Where somebody was seen. */
  record Place(int x, int y) {}

  /** What has come in one datagram. */
  record Snapshot(int tick, Map<String, Place> places) {}

  private final String name;
  private final Client tcp;
  private final BufferedReader reader;
  private final String token;
  private final DatagramSocket udp = new DatagramSocket();
  private final InetSocketAddress server;
  private final AtomicInteger number = new AtomicInteger();

  /** How often each line has come; the thread that reads adds to it. */
  private final Map<String, Integer> lines = new ConcurrentHashMap<>();

  // Each of these is written by one thread: that which reads, receives, or runs the test.

  private volatile String lastLine = "";
  private volatile boolean ended;
  private volatile String echo = "0";
  private volatile Place place;
  private volatile boolean silent;
  private volatile boolean closed;
  private volatile Snapshot latest = new Snapshot(0, Map.of());

  /** What is wrong with a datagram that has come; empty if nothing is. */
  private volatile String wrong = "";

  private final Thread sender;

  private GameClient(int port, String name, Place place) throws IOException {
    this.name = name;
    this.place = place;
    server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    tcp = Client.connect(port);
    tcp.socket().setSoTimeout(0);
    reader = new BufferedReader(new InputStreamReader(tcp.socket().getInputStream(), US_ASCII));
    assertTrue(reader.readLine().startsWith("Your name"));
    tcp.send(name + "\n");
    token = reader.readLine().substring("token ".length());
    Thread.ofVirtual().start(this::readLines);
    Thread.ofVirtual().start(this::receiveSnapshots);
    sender = Thread.ofVirtual().start(this::tellWhere);
  }

  /** Logs in, and is somewhere from then on. */
  static GameClient login(int port, String name, int x, int y) throws IOException {
    return new GameClient(port, name, new Place(x, y));
  }

  String name() {
    return name;
  }

  String token() {
    return token;
  }

  String echo() {
    return echo;
  }

  Place place() {
    return place;
  }

  void moveTo(int x, int y) {
    place = new Place(x, y);
  }

  /** Sends no positions while it is silent. */
  void silent(boolean isSilent) {
    silent = isSilent;
  }

  Snapshot latest() {
    return latest;
  }

  String wrong() {
    return wrong;
  }

  void say(String line) throws IOException {
    tcp.send(line + "\n");
  }

  boolean hasRead(String line) {
    return lines.containsKey(line);
  }

  int timesRead(String line) {
    return lines.getOrDefault(line, 0);
  }

  /** Waits for the end of the TCP connection; returns the last line. */
  String awaitEnd() {
    await().atMost(Duration.ofSeconds(30)).until(() -> ended);
    return lastLine;
  }

  /** Waits for a snapshot that was made when so many more had been. */
  void awaitTicks(int count) {
    int begin = latest.tick();
    await().atMost(Duration.ofSeconds(30)).until(() -> latest.tick() >= begin + count);
  }

  /** Sends a position of an earlier number. */
  void tellOldPosition(int x, int y) throws IOException {
    send(1, x, y);
  }

  private void send(int itsNumber, int x, int y) throws IOException {
    byte[] datagram = "%s %s %d %d %d".formatted(token, echo, itsNumber, x, y).getBytes(US_ASCII);
    udp.send(new DatagramPacket(datagram, datagram.length, server));
  }

  private void readLines() {
    try {
      for (String line; (line = reader.readLine()) != null; ) {
        lines.merge(line, 1, Integer::sum);
        lastLine = line;
      }
    } catch (IOException reset) {
      lastLine = "a reset";
    }
    ended = true;
  }

  private void tellWhere() {
    try {
      while (!closed) {
        if (!silent) {
          send(number.incrementAndGet(), place.x(), place.y());
        }
        Thread.sleep(100);
      }
    } catch (IOException | InterruptedException end) {
      // as far as the test is concerned
    }
  }

  private void receiveSnapshots() {
    var datagram = new DatagramPacket(new byte[2_048], 2_048);
    try {
      while (true) {
        datagram.setLength(2_048);
        udp.receive(datagram);
        String text = new String(datagram.getData(), 0, datagram.getLength(), US_ASCII);
        if (datagram.getLength() > MOST_BYTES) {
          wrong = "a datagram of " + datagram.getLength() + " bytes";
        } else if (text.startsWith("echo ")) {
          echo = text.substring("echo ".length()).strip();
        } else if (text.startsWith("tick ")) {
          take(text.lines().toList());
        } else {
          wrong = text;
        }
      }
    } catch (IOException closedByTheTest) {
      // The end.
    }
  }

  private void take(List<String> text) {
    int tick = Integer.parseInt(text.getFirst().substring("tick ".length()));
    Map<String, Place> places = new HashMap<>();
    for (String line : text.subList(1, text.size())) {
      String[] words = line.split(" ");
      places.put(words[0], new Place(Integer.parseInt(words[1]), Integer.parseInt(words[2])));
    }
    if (tick > latest.tick()) {
      latest = new Snapshot(tick, places);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    sender.interrupt();
    udp.close();
    tcp.close();
  }
}
