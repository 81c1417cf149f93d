package io.plainweave.internal.udp;

import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.admission.SourceRates;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.time.Cooldown;
import io.plainweave.kernel.KernelDrops;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramStatistics;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The sockets of a {@link Udp} at one address, with what they share: limits, counters, the end. */
public final class DatagramListener implements AutoCloseable {
  /** How often a reply looks for room in the socket, and how long it waits in between. */
  private static final int SEND_ATTEMPTS = 100;

  private static final long SEND_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);

  private static final byte[] LIMITED_BROADCAST = {-1, -1, -1, -1};

  private final Udp udp;
  private final DatagramService service;
  private final DatagramRegistry registry;
  private final List<ReceiverSockets> sockets;
  private final InetSocketAddress address;
  private final SourceRates rates = new SourceRates();

  /** Handlers at work. */
  private final AtomicInteger handlers = new AtomicInteger();

  private final LongAdder received = new LongAdder();
  private final LongAdder sent = new LongAdder();
  private final Map<DatagramDrop, LongAdder> dropped = new EnumMap<>(DatagramDrop.class);

  /** The most that the kernel has told; whoever asks it may write. */
  private final AtomicLong kernelDrops = new AtomicLong();

  /** The addresses of this machine; replaced by the reaper, since interfaces come and go. */
  private volatile Set<InetAddress> ownHosts = Set.of();

  /** Set once, by whoever begins the drain. */
  private volatile boolean finishing;

  // The rest is touched by the reaper, and when that has ended.
  private Map<DatagramDrop, Long> told = Map.of();
  private final Cooldown cooldown = new Cooldown();

  /** How many datagrams have found no handler, until the last tick. */
  private long refused;

  /** How many of them in the last tick, less the sessions that have ended in this one. */
  private long waitingForRoom;

  DatagramListener(
      Udp udp, DatagramService service, DatagramRegistry registry, List<ReceiverSockets> sockets) {
    this.udp = udp;
    this.service = service;
    this.registry = registry;
    this.sockets = List.copyOf(sockets);
    this.address = sockets.getFirst().address();
    for (DatagramDrop why : DatagramDrop.values()) {
      dropped.put(why, new LongAdder());
    }
    findOwnHosts();
    sockets.forEach(each -> each.follow(ownHosts));
  }

  Udp udp() {
    return udp;
  }

  DatagramService service() {
    return service;
  }

  DatagramRegistry registry() {
    return registry;
  }

  public List<ReceiverSockets> sockets() {
    return sockets;
  }

  public InetSocketAddress address() {
    return address;
  }

  /** The addresses of this machine, if it listens on all of them. */
  Set<InetAddress> ownHosts() {
    return ownHosts;
  }

  // What comes in

  /** Counts a datagram. */
  void received() {
    received.increment();
  }

  /** Whether its source does not send too many. */
  boolean admits(InetSocketAddress source) {
    return rates.take(udp.sourceRate(), source.getAddress(), System.nanoTime());
  }

  /** Whether there is no permit for a handler now. */
  boolean isBusy() {
    return handlers.get() >= udp.maxHandlers();
  }

  /** Takes the permit for a handler; false if there is none. */
  boolean beginHandler() {
    int most = udp.maxHandlers();
    return handlers.getAndUpdate(now -> now < most ? now + 1 : now) < most;
  }

  /** Gives the permit back. */
  void handlerEnded() {
    handlers.decrementAndGet();
    if (finishing) {
      // Without an iterator, for which there may be no memory.
      for (int i = 0; i < sockets.size(); i++) {
        sockets.get(i).wake();
      }
    }
  }

  int handlers() {
    return handlers.get();
  }

  /** Counts a datagram that was dropped; returns false, for who was to say whether it was taken. */
  boolean drop(DatagramDrop why) {
    drop(why, 1);
    return false;
  }

  void drop(DatagramDrop why, int count) {
    Objects.requireNonNull(dropped.get(why)).add(count);
  }

  /** Counts those that have found no handler since the last tick; called by the reaper. */
  void countRefused() {
    long all = Objects.requireNonNull(dropped.get(DatagramDrop.BUSY)).sum();
    waitingForRoom = all - refused;
    refused = all;
  }

  /** Whether sessions that nobody needs are to end for others; called by the reaper. */
  boolean isCrowded() {
    return waitingForRoom > 0;
  }

  /** Notes that a session ends for want of datagrams; called by the reaper. */
  void madeRoom() {
    waitingForRoom--;
  }

  // What goes out

  /** Whether there may be a single other host, which can have asked for a reply. */
  boolean isReplyAddress(InetSocketAddress peer) {
    InetAddress host = peer.getAddress();
    return peer.getPort() != 0
        && !host.isAnyLocalAddress()
        && !host.isMulticastAddress()
        && !Arrays.equals(host.getAddress(), LIMITED_BROADCAST)
        && !registry.isOwn(peer);
  }

  /** Whether what is sent there comes to a socket of this listener. */
  boolean isAt(InetSocketAddress where) {
    if (where.getPort() != address.getPort()) {
      return false;
    }
    InetAddress host = where.getAddress();
    return address.getAddress().isAnyLocalAddress()
        ? host.isLoopbackAddress() || ownHosts.contains(host)
        : host.equals(address.getAddress());
  }

  /**
   * Sends a datagram. When there is no room in the socket, which is a matter of moments, it tries
   * again for a tenth of a second: to wait for the socket itself would be for all of its senders at
   * once.
   */
  boolean send(UdpSocket socket, ByteBuffer datagram, InetSocketAddress target) {
    boolean interrupted = false;
    try {
      for (int i = 0; i < SEND_ATTEMPTS; i++) {
        if (socket.send(datagram, target)) {
          sent.increment();
          return true;
        }
        LockSupport.parkNanos(SEND_PAUSE);
        // With the flag set, no pause would be one.
        interrupted |= Thread.interrupted();
      }
      return drop(DatagramDrop.SEND_BUFFER_FULL);
    } catch (IOException e) {
      Log.datagramFailed(socket, e);
      return drop(DatagramDrop.FAILED);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  // What is told

  public DatagramStatistics statistics() {
    return new DatagramStatistics(address, received.sum(), sent.sum(), handlers.get(), drops());
  }

  private Map<DatagramDrop, Long> drops() {
    Map<DatagramDrop, Long> drops = new EnumMap<>(DatagramDrop.class);
    dropped.forEach((why, count) -> drops.put(why, count.sum()));
    lookAtKernel();
    drops.put(DatagramDrop.KERNEL, kernelDrops.get());
    drops.values().removeIf(count -> count == 0);
    return drops;
  }

  /** Notes what the kernel has dropped, as long as the sockets are there. */
  void lookAtKernel() {
    if (sockets.getFirst().isOpen()) {
      // It is nothing when the system did not tell.
      Set<InetSocketAddress> all =
          sockets.stream().flatMap(ReceiverSockets::addresses).collect(Collectors.toSet());
      kernelDrops.accumulateAndGet(KernelDrops.at(all), Math::max);
    }
  }

  /** Tells what was dropped since the last time, if that is long ago; called by the reaper. */
  void tellDrops(ServerObserver observer, int now) {
    Map<DatagramDrop, Long> drops = drops();
    if (!drops.equals(told) && cooldown.isOver(now)) {
      tell(drops, observer);
    }
  }

  /** Tells what was dropped since the last time. */
  void tellLastDrops(ServerObserver observer) {
    Map<DatagramDrop, Long> drops = drops();
    if (!drops.equals(told)) {
      tell(drops, observer);
    }
  }

  private void tell(Map<DatagramDrop, Long> drops, ServerObserver observer) {
    Map<DatagramDrop, Long> since = new EnumMap<>(drops);
    told.forEach((why, count) -> since.merge(why, -count, Long::sum));
    since.values().removeIf(count -> count == 0);
    told = drops;
    observer.onEvent(new ServerEvent.DatagramsDropped(address, since));
  }

  /** Looks whether addresses of this machine have come or gone; called by the reaper. */
  void lookForAddresses() {
    findOwnHosts();
    sockets.forEach(each -> each.compare(ownHosts));
  }

  private void findOwnHosts() {
    if (address.getAddress().isAnyLocalAddress()) {
      try (Stream<NetworkInterface> interfaces = NetworkInterface.networkInterfaces()) {
        ownHosts =
            interfaces
                .flatMap(NetworkInterface::inetAddresses)
                .collect(Collectors.toUnmodifiableSet());
      } catch (SocketException e) {
        Log.datagramFailed(this, e);
      }
    }
  }

  // The end

  /** Takes nothing new from now on. Handlers at work finish, and only then the sockets close. */
  void finish() {
    finishing = true;
    sockets.forEach(ReceiverSockets::wake);
  }

  boolean isFinishing() {
    return finishing;
  }

  @Override
  public void close() {
    sockets.forEach(ReceiverSockets::close);
  }

  /** Returns {@code udp:ADDRESS:PORT}. */
  @Override
  public String toString() {
    return sockets.getFirst().toString();
  }
}
