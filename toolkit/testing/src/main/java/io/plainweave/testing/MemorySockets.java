package io.plainweave.testing;

import io.plainweave.InheritedListen;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.UnixListen;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.socket.Network;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The network in memory, as servers and clients see it that live in it. */
final class MemorySockets implements Network {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final int FIRST_PORT = 49_152;

  private final Timer timer;
  private final BriefLock lock = new BriefLock();

  // All of it is guarded by lock.

  private final Map<SocketAddress, MemoryListeningSocket> listening = new HashMap<>();
  private final Map<String, List<InetAddress>> names = new HashMap<>();
  private final Map<Selector, Doorbell> doorbells = new IdentityHashMap<>();

  /** In the order in which they began, so that what is done to all is done alike each time. */
  private final Set<MemoryWire> wires = new LinkedHashSet<>();

  private final Queue<IOException> acceptFaults = new ArrayDeque<>();
  private Supplier<Link> toServers = () -> Link.PLAIN;
  private Supplier<Link> toClients = () -> Link.PLAIN;
  private InetAddress clients = LOOPBACK;
  private boolean silentNames;
  private int lastPort = FIRST_PORT - 1;

  MemorySockets(Timer timer) {
    this.timer = timer;
    names.put("localhost", List.of(LOOPBACK));
  }

  private <T extends @Nullable Object> T locked(Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }

  private void change(Runnable work) {
    lock.lock();
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  // What a test says

  void links(Link toServer, Link toClient) {
    links(() -> toServer, () -> toClient);
  }

  /** The same with links of its own for each connection, which are asked for in its order. */
  void links(Supplier<Link> toServer, Supplier<Link> toClient) {
    change(() -> {
      toServers = toServer;
      toClients = toClient;
    });
  }

  void clients(InetAddress address) {
    change(() -> clients = address);
  }

  void name(String host, List<InetAddress> addresses) {
    change(() -> names.put(host, addresses));
  }

  void silenceNames(boolean silent) {
    change(() -> silentNames = silent);
  }

  void failAccept(IOException failure) {
    change(() -> acceptFaults.add(failure));
  }

  /** Does something to each connection that is open. */
  void forEach(Consumer<MemoryWire> what) {
    locked(() -> List.copyOf(wires)).forEach(what);
  }

  /** How many connections have an open end. */
  int open() {
    return locked(wires::size);
  }

  // For servers

  @Override
  public List<Listener> bind(Listen listen) throws IOException {
    return switch (listen) {
      case TcpListen tcp -> List.of(new Listener(tcp, bind(tcp.host(), tcp.port())));
      case UnixListen unix -> List.of(new Listener(unix, bind(unix)));
      case InheritedListen _ -> throw new BindException("no socket is inherited in memory");
    };
  }

  private MemoryListeningSocket bind(@Nullable String host, int port) throws IOException {
    InetAddress at = host == null ? null : addresses(host).getFirst();
    lock.lock();
    try {
      int free = port == 0 ? ++lastPort : port;
      return bind(at == null ? new InetSocketAddress(free) : new InetSocketAddress(at, free));
    } finally {
      lock.unlock();
    }
  }

  private MemoryListeningSocket bind(UnixListen unix) throws IOException {
    return bind(UnixDomainSocketAddress.of(unix.path()));
  }

  private MemoryListeningSocket bind(SocketAddress address) throws BindException {
    var made = new MemoryListeningSocket(this, address, () -> locked(acceptFaults::poll));
    if (locked(() -> listening.putIfAbsent(address, made)) != null) {
      throw new BindException("cannot listen on " + address + ": Address already in use");
    }
    return made;
  }

  void closed(MemoryListeningSocket socket) {
    change(() -> listening.remove(socket.address(), socket));
  }

  // For clients

  @Override
  public SocketChannel open(ProtocolFamily family) {
    return new MemoryChannel(this);
  }

  /** Connects a channel, at once. */
  void connect(MemoryChannel channel, SocketAddress to) throws IOException {
    MemoryListeningSocket place = locked(() -> find(to));
    if (place == null) {
      throw new ConnectException("Connection refused");
    }
    var accepted = new MemoryChannel(this);
    SocketAddress from = channel.getLocalAddress();
    SocketAddress reached =
        place.address() instanceof InetSocketAddress any && any.getAddress().isAnyLocalAddress()
            ? to
            : place.address();
    lock.lock();
    try {
      SocketAddress own = to instanceof InetSocketAddress ? ownAddress(from) : unnamed();
      channel.addresses(own, to);
      accepted.addresses(reached, own);
      wires.add(new MemoryWire(channel, accepted, toServers.get(), toClients.get(), timer));
    } finally {
      lock.unlock();
    }
    if (!place.offer(accepted)) {
      accepted.reset();
      throw new ConnectException("Connection refused");
    }
  }

  private @Nullable MemoryListeningSocket find(SocketAddress to) {
    MemoryListeningSocket exact = listening.get(to);
    return exact == null && to instanceof InetSocketAddress inet
        ? listening.get(new InetSocketAddress(inet.getPort()))
        : exact;
  }

  private InetSocketAddress ownAddress(@Nullable SocketAddress from) {
    InetAddress address = from instanceof InetSocketAddress bound ? bound.getAddress() : clients;
    return new InetSocketAddress(address, ++lastPort);
  }

  private static UnixDomainSocketAddress unnamed() {
    return UnixDomainSocketAddress.of(Path.of(""));
  }

  @Override
  public Resolver resolver(Resolver usual) {
    return (host, deadline) -> {
      if (isAsked(host) && locked(() -> silentNames)) {
        timer.sleep(deadline.left());
        throw new SocketTimeoutException("no answer from the name server for " + host);
      }
      return addresses(host);
    };
  }

  /** Whether the name server is asked, since nobody else knows. */
  private static boolean isAsked(String host) {
    try {
      InetAddress.ofLiteral(host);
      return false;
    } catch (IllegalArgumentException name) {
      return !host.equals("localhost");
    }
  }

  private List<InetAddress> addresses(String host) throws UnknownHostException {
    try {
      return List.of(InetAddress.ofLiteral(host));
    } catch (IllegalArgumentException name) {
      List<InetAddress> found = locked(() -> names.get(host));
      if (found == null) {
        throw new UnknownHostException(host);
      }
      return found;
    }
  }

  // For channels

  /** What lets the poller with this selector come; called by the poller's thread. */
  Doorbell doorbell(Selector selector) {
    lock.lock();
    try {
      Doorbell there = doorbells.get(selector);
      if (there == null) {
        there = Doorbell.at(selector);
        doorbells.put(selector, there);
      }
      return there;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
    }
  }

  /** Closes what is left of pollers that have ended. */
  void forgetEnded() {
    List<Doorbell> ended = new ArrayList<>();
    change(() -> {
      doorbells.values().stream().filter(Doorbell::isOver).forEach(ended::add);
      ended.forEach(each -> doorbells.remove(each.selector()));
    });
    ended.forEach(Doorbell::close);
  }

  /** One end of a connection was closed. */
  void closed(MemoryWire wire) {
    if (!wire.client.isOpen() && !wire.server.isOpen()) {
      change(() -> wires.remove(wire));
    }
  }
}
