package io.plainweave.loadtests.peers;

import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** The peers that speak TLS, each with what its project takes for it unless told otherwise. */
final class TlsPeers {
  /** As the run has it; it protects nothing. */
  private static final char[] PASSWORD = "plainweave".toCharArray();

  /** Makes a peer of its key and certificate. */
  interface Maker {
    Peer make(KeyManagerFactory keys) throws IOException, GeneralSecurityException;
  }

  static final Map<String, Maker> BY_NAME =
      new TreeMap<>(
          Map.of(
              "jdk-virtual-socket", keys -> jdk(keys, Thread.ofVirtual().factory()),
              "jdk-platform", keys -> jdk(keys, Thread.ofPlatform().daemon().factory()),
              "netty-nio", keys -> netty(keys, NettyPeer.Transport.NIO, SslProvider.JDK),
              "netty-epoll", keys -> netty(keys, NettyPeer.Transport.EPOLL, SslProvider.JDK),
              "netty-openssl",
                  keys -> netty(keys, NettyPeer.Transport.EPOLL, SslProvider.OPENSSL_REFCNT)));

  private TlsPeers() {}

  private static Peer jdk(KeyManagerFactory keys, ThreadFactory threads)
      throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return new JdkSocket(threads, context.getServerSocketFactory());
  }

  private static Peer netty(
      KeyManagerFactory keys, NettyPeer.Transport transport, SslProvider provider)
      throws IOException {
    return NettyPeer.echo(
        transport, SslContextBuilder.forServer(keys).sslProvider(provider).build());
  }

  /** Opens the file of the run's key and certificate. */
  static KeyManagerFactory keys(Path pkcs12) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(pkcs12)) {
      store.load(in, PASSWORD);
    }
    // Not PKIX, which opens the key again for each handshake: 10,000 rounds of a hash.
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD);
    return keys;
  }
}
