package io.plainweave;

import io.plainweave.tls.ServerTls;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The components of a description while some of them are changed, by one thread: here those of
 * every kind, and in its subclasses those of one.
 */
abstract sealed class ListenEdit {
  int maxConnections;
  @Nullable ProxyProtocol proxyProtocol;
  @Nullable ServerTls tls;
  @Nullable TimeLimits timeLimits;

  private ListenEdit(Listen from) {
    this.maxConnections = from.maxConnections();
    this.proxyProtocol = from.proxyProtocol();
    this.tls = from.tls();
    this.timeLimits = from.timeLimits();
  }

  static void checkMaxConnections(int maxConnections) {
    if (maxConnections < 0) {
      throw new IllegalArgumentException("maxConnections must not be negative: " + maxConnections);
    }
  }

  static final class OfTcp extends ListenEdit {
    @Nullable String host;
    int port;
    boolean reusePort;
    int acceptors;
    TcpOptions options;
    Duration rebindFor;

    OfTcp(Listen.Tcp from) {
      super(from);
      this.host = from.host();
      this.port = from.port();
      this.reusePort = from.reusePort();
      this.acceptors = from.acceptors();
      this.options = from.options();
      this.rebindFor = from.rebindFor();
    }

    Listen.Tcp changed() {
      return new Listen.Tcp(
          host,
          port,
          reusePort,
          acceptors,
          options,
          rebindFor,
          maxConnections,
          proxyProtocol,
          tls,
          timeLimits);
    }
  }

  static final class OfUnix extends ListenEdit {
    private final Path path;
    Set<PosixFilePermission> permissions;

    OfUnix(Listen.Unix from) {
      super(from);
      this.path = from.path();
      this.permissions = from.permissions();
    }

    Listen.Unix changed() {
      return new Listen.Unix(path, permissions, maxConnections, proxyProtocol, tls, timeLimits);
    }
  }

  static final class OfInherited extends ListenEdit {
    OfInherited(Listen.Inherited from) {
      super(from);
    }

    Listen.Inherited changed() {
      return new Listen.Inherited(maxConnections, proxyProtocol, tls, timeLimits);
    }
  }
}
