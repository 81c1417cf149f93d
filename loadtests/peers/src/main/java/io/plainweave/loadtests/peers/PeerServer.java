package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The command line of the peers: {@code PeerServer NAME PORT [--threads N]}.
 *
 * <p>It prints its address when it listens, and ends with its stdin or by a signal.
 */
public final class PeerServer {
  private static final Map<String, Supplier<Peer>> PEERS =
      new TreeMap<>(
          Map.of(
              "jdk-virtual",
              JdkVirtual::new,
              "jdk-virtual-socket",
              () -> new JdkSocket(Thread.ofVirtual().factory()),
              "jdk-platform",
              () -> new JdkSocket(Thread.ofPlatform().daemon().factory()),
              "jdk-selector",
              JdkSelector::new,
              "netty-nio",
              () -> new NettyPeer(NettyPeer.Transport.NIO),
              "netty-epoll",
              () -> new NettyPeer(NettyPeer.Transport.EPOLL),
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
      if (args.length != 2 && !(args.length == 4 && args[2].equals("--threads"))) {
        throw new IllegalArgumentException("expected a name and a port: " + String.join(" ", args));
      }
      Supplier<Peer> named = PEERS.get(args[0]);
      if (named == null) {
        throw new IllegalArgumentException("there is no peer " + args[0] + ": " + PEERS.keySet());
      }
      peer = named.get();
      port = number("port", args[1], 0, 65_535);
      if (args.length == 4) {
        threads = number("--threads", args[3], 1, 1_024);
      }
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.println("usage: PeerServer NAME PORT [--threads N]");
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
