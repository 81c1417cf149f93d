package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import javax.net.ServerSocketFactory;

/**
 * The command line of the peers: {@code PeerServer NAME PORT [--threads N] [--tls FILE | --protocol
 * http]}.
 *
 * <p>It prints its address when it listens, and ends with its stdin or by a signal.
 */
public final class PeerServer {
  private static final String USAGE =
      "usage: PeerServer NAME PORT [--threads N] [--tls FILE | --protocol http]";

  private static final Map<String, Supplier<Peer>> PEERS =
      new TreeMap<>(
          Map.of(
              "jdk-virtual",
              JdkVirtual::new,
              "jdk-virtual-socket",
              () -> new JdkSocket(Thread.ofVirtual().factory(), ServerSocketFactory.getDefault()),
              "jdk-platform",
              () ->
                  new JdkSocket(
                      Thread.ofPlatform().daemon().factory(), ServerSocketFactory.getDefault()),
              "jdk-selector",
              JdkSelector::new,
              "netty-nio",
              () -> NettyPeer.echo(NettyPeer.Transport.NIO, null),
              "netty-epoll",
              () -> NettyPeer.echo(NettyPeer.Transport.EPOLL, null),
              "vertx",
              VertxPeer::new,
              "helidon",
              HelidonPeer::new));

  private PeerServer() {}

  /** Runs a peer. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Peer peer;
    int port;
    int threads = 1;
    try {
      if (args.length < 2 || args.length % 2 != 0) {
        throw new IllegalArgumentException("expected a name and a port: " + String.join(" ", args));
      }
      port = number("port", args[1], 0, 65_535);
      Path keys = null;
      String protocol = "echo";
      for (int i = 2; i < args.length; i += 2) {
        switch (args[i]) {
          case "--threads" -> threads = number("--threads", args[i + 1], 1, 1_024);
          case "--tls" -> keys = Path.of(args[i + 1]);
          case "--protocol" -> protocol = args[i + 1];
          default -> throw new IllegalArgumentException("there is no option " + args[i]);
        }
      }
      peer =
          switch (protocol) {
            case "echo" -> keys == null ? named(PEERS, args[0], "") : tls(args[0], keys);
            case "http" -> named(HttpPeers.BY_NAME, args[0], " that speaks HTTP");
            default -> throw new IllegalArgumentException("there is no protocol " + protocol);
          };
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.println(USAGE);
      System.exit(2);
      return;
    }
    try {
      System.out.println("listening on port " + peer.start(port, threads).getPort());
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1); // it may have threads that would keep the process
    }
    while (System.in.read() >= 0) {}
    // Nothing has to be saved, and who compares servers does not wait for their goodbyes.
    Runtime.getRuntime().halt(0);
  }

  private static Peer named(Map<String, Supplier<Peer>> peers, String name, String which) {
    Supplier<Peer> named = peers.get(name);
    if (named == null) {
      throw new IllegalArgumentException(
          "there is no peer " + name + which + ": " + peers.keySet());
    }
    return named.get();
  }

  private static Peer tls(String name, Path keys) {
    TlsPeers.Maker named = TlsPeers.BY_NAME.get(name);
    if (named == null) {
      throw new IllegalArgumentException(
          "there is no peer " + name + " that speaks TLS: " + TlsPeers.BY_NAME.keySet());
    }
    try {
      return named.make(TlsPeers.keys(keys));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException("cannot use " + keys + ": " + e, e);
    }
  }

  private static int number(String name, String value, int lowest, int highest) {
    try {
      int number = Integer.parseInt(value);
      if (number >= lowest && number <= highest) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The same sentence says it.
    }
    throw new IllegalArgumentException(
        name + " must be a number from " + lowest + " to " + highest + ": " + value);
  }
}
