package io.plainweave.client;

import io.plainweave.CloseReason;
import io.plainweave.TimeLimits;
import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.time.Countdown;
import io.plainweave.proxyprotocol.ProxyHeader;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a connection that was opened here begins with, before it is the caller's: nothing as a rule.
 *
 * @param tunnel through a proxy, before all else; null for none
 * @param proxyHeader sent before the rest; null for none
 * @param steps what comes then, in its order
 */
record OutboundHandshake(
    @Nullable HandshakeStep tunnel, @Nullable ProxyHeader proxyHeader, List<HandshakeStep> steps) {
  static final OutboundHandshake NONE = new OutboundHandshake(null, null, List.of());

  OutboundHandshake {
    steps = List.copyOf(steps);
  }

  OutboundHandshake with(ProxyHeader header) {
    return new OutboundHandshake(tunnel, header, steps);
  }

  /** The same behind this step. */
  OutboundHandshake behind(HandshakeStep proxy) {
    return new OutboundHandshake(proxy, proxyHeader, steps);
  }

  /** The same with a step behind the others. */
  OutboundHandshake with(HandshakeStep step) {
    return new OutboundHandshake(
        tunnel, proxyHeader, Stream.concat(steps.stream(), Stream.of(step)).toList());
  }

  /**
   * Sends the header, for which a new socket has room, and runs all steps, those in a thread of
   * their own: the calling one watches the time, since the reaper does not know the limit of the
   * connector, but only those of the server. When it fails, the connection is for the caller to
   * close.
   *
   * @throws IOException if a step fails, in its own words; {@link SocketTimeoutException} if the
   *     time is over
   */
  void run(SocketConnection connection, Countdown deadline)
      throws IOException, InterruptedException {
    if (tunnel == null && steps.isEmpty()) {
      sendHeader(connection);
      return;
    }
    var passed = new CompletableFuture<Boolean>();
    try (Scope scope = Scope.open("handshake of " + connection, Scope.virtualThreads())) {
      scope.fork(() -> {
        try {
          passed.complete(passes(connection));
        } catch (Throwable e) {
          passed.completeExceptionally(e);
        }
        return Scope.After.CONTINUE;
      });
      try {
        await(passed, connection, deadline);
      } finally {
        if (!passed.isDone()) {
          // It ends every wait of the step.
          connection.abort(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE));
        }
        scope.join();
      }
    }
  }

  private void sendHeader(SocketConnection connection) throws IOException {
    if (proxyHeader != null) {
      connection.output().write(proxyHeader.toBytes());
      connection.output().flush();
    }
  }

  private boolean passes(SocketConnection connection) throws IOException, InterruptedException {
    if (tunnel != null && !tunnel.run(connection)) {
      return false;
    }
    sendHeader(connection);
    for (HandshakeStep step : steps) {
      if (!step.run(connection)) {
        return false;
      }
    }
    return true;
  }

  private static void await(
      CompletableFuture<Boolean> passed, SocketConnection connection, Countdown deadline)
      throws IOException, InterruptedException {
    try {
      if (!passed.get(deadline.left(), TimeUnit.NANOSECONDS)) {
        throw new IOException(connection + ": the peer has finished before it began");
      }
    } catch (TimeoutException e) {
      throw late(connection);
    } catch (ExecutionException e) {
      if (connection.reason() instanceof CloseReason.TimedOut) {
        // The reaper was first: its limits apply to a handshake, too.
        throw late(connection);
      }
      switch (e.getCause()) {
        case IOException failure -> throw failure;
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IOException(e);
      }
    }
  }

  private static SocketTimeoutException late(SocketConnection connection) {
    return new SocketTimeoutException(connection + ": the peer does not begin in time");
  }
}
