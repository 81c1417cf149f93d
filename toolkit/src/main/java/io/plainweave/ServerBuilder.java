package io.plainweave;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects what makes a {@link Server}. A listener and a handler are needed; all else has a
 * default.
 *
 * <p>Values are checked at once, and the message of the exception holds the value. A builder is for
 * one thread; it may build several servers.
 */
public final class ServerBuilder {
  private final List<Listen.Tcp> listens = new ArrayList<>();
  private @Nullable Handler handler;
  private int maxConnections = Integer.MAX_VALUE;
  private Duration drainTimeout = Duration.ofSeconds(30);
  private boolean stopOnSignal = true;

  ServerBuilder() {}

  /**
   * Adds a listener. A server may have several: they start together or not at all.
   *
   * @param listen where to listen
   * @return this builder
   */
  public ServerBuilder listen(Listen listen) {
    listens.add(
        switch (listen) {
          case Listen.Tcp tcp -> tcp;
        });
    return this;
  }

  /**
   * Sets the code that serves each connection.
   *
   * @param handler runs once for each connection
   * @return this builder
   */
  public ServerBuilder handler(Handler handler) {
    this.handler = Objects.requireNonNull(handler, "handler");
    return this;
  }

  /**
   * Limits the connections that are open at a time, exactly and over all listeners. At the limit,
   * new ones wait in the kernel's backlog until another ends. Default: no limit but that of the
   * process's descriptors.
   *
   * @param maxConnections at least 1
   * @return this builder
   * @throws IllegalArgumentException if it is less than 1
   */
  public ServerBuilder maxConnections(int maxConnections) {
    if (maxConnections < 1) {
      throw new IllegalArgumentException("maxConnections must be at least 1: " + maxConnections);
    }
    this.maxConnections = maxConnections;
    return this;
  }

  /**
   * Sets how long {@link Server#close()}, and the end of the process by a signal, let connections
   * finish before they cancel them. Default: 30 seconds. Zero cancels at once.
   *
   * @param drainTimeout not negative
   * @return this builder
   * @throws IllegalArgumentException if it is negative
   */
  public ServerBuilder drainTimeout(Duration drainTimeout) {
    if (drainTimeout.isNegative()) {
      throw new IllegalArgumentException("drainTimeout must not be negative: " + drainTimeout);
    }
    this.drainTimeout = drainTimeout;
    return this;
  }

  /**
   * Sets whether SIGTERM and SIGINT (Ctrl-C) close the server before the process ends: they drain
   * it, then cancel what is left, and a second signal cancels at once. Default: true. Set it to
   * false where something else owns the process's end.
   *
   * @param stopOnSignal whether the server takes part in the process's end
   * @return this builder
   */
  public ServerBuilder stopOnSignal(boolean stopOnSignal) {
    this.stopOnSignal = stopOnSignal;
    return this;
  }

  /**
   * Builds the server. Nothing is bound yet.
   *
   * @return the server, new
   * @throws IllegalStateException if there is no listener or no handler, or if this is not a Java
   *     25 with {@code --enable-preview}
   */
  public Server build() {
    if (listens.isEmpty()) {
      throw new IllegalStateException("the server has no listener: call listen(...)");
    }
    if (handler == null) {
      throw new IllegalStateException("the server has no handler: call handler(...)");
    }
    PreviewCheck.run();
    return new Server(
        List.copyOf(listens),
        new ConnectionContext(handler, maxConnections),
        drainTimeout,
        stopOnSignal);
  }

  /**
   * Builds the server and {@linkplain Server#start() starts} it.
   *
   * @return the server, accepting
   * @throws IOException if it cannot listen
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException as {@link #build()}
   */
  public Server start() throws IOException, InterruptedException {
    return build().start();
  }
}
