package io.plainweave;

import io.plainweave.text.Addresses;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A TCP listener, with the largest backlog that the kernel allows ({@code net.core.somaxconn} on
 * Linux).
 */
public final class TcpListen extends ListenKind<TcpListen> {
  static final Duration REBIND_FOR = Duration.ofSeconds(30);

  private final @Nullable String host;
  private final int port;
  private final boolean reusePort;
  private final int acceptors;
  private final TcpOptions options;
  private final Duration rebindFor;

  TcpListen(
      @Nullable String host,
      int port,
      boolean reusePort,
      int acceptors,
      TcpOptions options,
      Duration rebindFor,
      ListenKind.Settings settings) {
    super(settings);
    this.host = host;
    this.port = port;
    this.reusePort = reusePort;
    this.acceptors = acceptors;
    this.options = Objects.requireNonNull(options, "options");
    this.rebindFor = rebindFor;
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("a port is from 0 to 65535: " + port);
    }
    if (host != null && host.isBlank()) {
      throw new IllegalArgumentException("the host is empty: '" + host + "'");
    }
    if (acceptors < 1) {
      throw new IllegalArgumentException("acceptors must be at least 1: " + acceptors);
    }
    if (rebindFor.isNegative()) {
      throw new IllegalArgumentException("rebindFor must not be negative: " + rebindFor);
    }
  }

  /** {@return a name or a literal address; null for every address of this machine} */
  public @Nullable String host() {
    return host;
  }

  /** {@return from 1 to 65535, or 0 for one that is free} */
  public int port() {
    return port;
  }

  /**
   * {@return whether other sockets may listen on the same port, each with its share of the
   * connections (SO_REUSEPORT, socket(7)); all of them must ask for it. Default: false}
   */
  public boolean reusePort() {
    return reusePort;
  }

  /**
   * Returns this description with another setting of {@link #reusePort()}.
   *
   * @param reusePort whether other sockets may listen on the same port
   * @return the description
   */
  public TcpListen reusePort(boolean reusePort) {
    return new TcpListen(host, port, reusePort, acceptors, options, rebindFor, settings());
  }

  /** {@return how many threads accept at each address, from one socket; default 1} */
  public int acceptors() {
    return acceptors;
  }

  /**
   * Returns this description with another number of {@link #acceptors()}. One accepts as fast as a
   * core can; several are for machines with many cores and clients that come and go. The next
   * connection is for the first of them that has nothing else to do.
   *
   * @param acceptors at least 1
   * @return the description
   * @throws IllegalArgumentException if it is less than 1
   */
  public TcpListen acceptors(int acceptors) {
    return new TcpListen(host, port, reusePort, acceptors, options, rebindFor, settings());
  }

  /** {@return those of the socket and of the accepted ones; default those of the system} */
  public TcpOptions options() {
    return options;
  }

  /**
   * Returns this description with other {@link #options()}.
   *
   * @param options of the socket and of the accepted ones
   * @return the description
   */
  public TcpListen options(TcpOptions options) {
    return new TcpListen(host, port, reusePort, acceptors, options, rebindFor, settings());
  }

  /**
   * {@return how long the server tries to bind the listener again if it was destroyed from outside
   * ({@code ss -K}), with growing pauses up to 1 s; when that time is over, or at once if it is
   * zero, it gives up and drains. Default: 30 s}
   */
  public Duration rebindFor() {
    return rebindFor;
  }

  /**
   * Returns this description with another {@link #rebindFor()}.
   *
   * @param rebindFor not negative; zero gives up at once
   * @return the description
   * @throws IllegalArgumentException if it is negative
   */
  public TcpListen rebindFor(Duration rebindFor) {
    return new TcpListen(host, port, reusePort, acceptors, options, rebindFor, settings());
  }

  @Override
  public TcpListen like(Listen settings) {
    TcpListen own = settings instanceof TcpListen tcp ? tcp : this;
    return new TcpListen(
        host, port, own.reusePort, own.acceptors, own.options, own.rebindFor, settingsOf(settings));
  }

  @Override
  TcpListen with(ListenKind.Settings settings) {
    return new TcpListen(host, port, reusePort, acceptors, options, rebindFor, settings);
  }

  @Override
  List<@Nullable Object> own() {
    return Arrays.asList(host, port, reusePort, acceptors, options, rebindFor);
  }

  /** Returns {@code HOST:PORT}, with {@code *} for every address. */
  @Override
  public String toString() {
    return Addresses.format(host == null ? "*" : host, port);
  }
}
