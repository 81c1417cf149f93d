package io.plainweave.loadtests.udp;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.client.Pace;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Datagrams that become due at a fixed rate, whatever the server does, and what comes back.
 *
 * <p>A latency counts from when the datagram was due, so that a client that is late does not hide
 * it. For one thread.
 */
final class DatagramLoad implements AutoCloseable {
  /** Of a datagram: the number of the run, its own, and zeros. */
  static final int BYTES = 64;

  /** How long the thread sleeps at most: a burst is what has become due meanwhile. */
  private static final long LONGEST_PAUSE = TimeUnit.MICROSECONDS.toNanos(20);

  private static final int MOST_IN_A_NETWORK = 250;

  private final Selector selector = Selector.open();
  private final List<DatagramChannel> channels = new ArrayList<>();
  private final long run = ThreadLocalRandom.current().nextLong();
  private final BitSet answered = new BitSet();
  private final ByteBuffer out = ByteBuffer.allocateDirect(BYTES);
  private final ByteBuffer in = ByteBuffer.allocateDirect(2 * BYTES);
  private final Histogram latencies = new Histogram(3);

  private long sent;
  private long refused;
  private long repeated;
  private long wrong;
  private long latest;

  private DatagramLoad() throws IOException {}

  /**
   * Opens the sockets. If the target is at an IPv4 loopback address, each has an address of its
   * own, since a limit for each source is not what is to be measured.
   */
  static DatagramLoad open(InetSocketAddress target, int sockets) throws IOException {
    var load = new DatagramLoad();
    boolean complete = false;
    try {
      for (int i = 0; i < sockets; i++) {
        load.add(target, i);
      }
      complete = true;
      return load;
    } finally {
      if (!complete) {
        load.close();
      }
    }
  }

  private void add(InetSocketAddress target, int number) throws IOException {
    DatagramChannel channel = DatagramChannel.open();
    channels.add(channel);
    InetAddress host = target.getAddress();
    if (host.isLoopbackAddress() && host instanceof Inet4Address) {
      byte network = (byte) (number / MOST_IN_A_NETWORK);
      byte own = (byte) (1 + number % MOST_IN_A_NETWORK);
      channel.bind(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 1, network, own}), 0));
    }
    channel.connect(target);
    channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_READ);
  }

  /**
   * Sends so many, and waits for the last answers.
   *
   * @param rate datagrams a second
   * @param wait for how long after the last was sent
   * @throws RunFailed if nobody listens there
   */
  void run(double rate, int count, Duration wait) throws IOException {
    var pace = new Pace(System.nanoTime(), rate, count);
    long end = pace.due(count) + wait.toNanos();
    try {
      while (!(pace.isOver() && answered() == sent) && System.nanoTime() - end < 0) {
        for (int i = 0; i < Pace.BURST && pace.isDue(); i++) {
          send((int) pace.taken(), pace.take());
        }
        receive(pace);
        LockSupport.parkNanos(Math.min(pace.untilNext().toNanos(), LONGEST_PAUSE));
      }
    } catch (PortUnreachableException e) {
      throw new RunFailed("because nobody listens at the target", e);
    }
  }

  private void send(int number, long due) throws IOException {
    latest = Math.max(latest, System.nanoTime() - due);
    out.clear().putLong(0, run).putInt(Long.BYTES, number);
    if (channels.get(number % channels.size()).write(out) == BYTES) {
      sent++;
    } else {
      refused++;
    }
  }

  private void receive(Pace pace) throws IOException {
    selector.selectNow();
    for (SelectionKey key : selector.selectedKeys()) {
      var channel = (DatagramChannel) key.channel();
      while (channel.read(in.clear()) >= 0 && in.position() > 0) {
        take(pace);
      }
    }
    selector.selectedKeys().clear();
  }

  private void take(Pace pace) {
    int number = in.getInt(Long.BYTES);
    if (in.position() != BYTES || in.getLong(0) != run || number < 0 || number >= pace.taken()) {
      wrong++;
    } else if (answered.get(number)) {
      repeated++;
    } else {
      answered.set(number);
      latencies.recordValue(Math.max(0, System.nanoTime() - pace.due(number)));
    }
  }

  /** How many datagrams the sockets have taken. */
  long sent() {
    return sent;
  }

  /** How many they have not taken, for want of room. */
  long refused() {
    return refused;
  }

  long answered() {
    return answered.cardinality();
  }

  /** How many answers have come once more. */
  long repeated() {
    return repeated;
  }

  /** How many datagrams have come that were never sent like this. */
  long wrong() {
    return wrong;
  }

  /** By how much the client was late at most, in nanoseconds. */
  long latest() {
    return latest;
  }

  /** From when a datagram was due until its answer, in nanoseconds. */
  Histogram latencies() {
    return latencies;
  }

  /** Where the sockets are. */
  Set<InetSocketAddress> addresses() throws IOException {
    Set<InetSocketAddress> addresses = new HashSet<>();
    for (DatagramChannel channel : channels) {
      addresses.add((InetSocketAddress) channel.getLocalAddress());
    }
    return addresses;
  }

  @Override
  public void close() throws IOException {
    for (DatagramChannel channel : channels) {
      channel.close();
    }
    selector.close();
  }
}
