package io.plainweave;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the events of a server to its log, and nothing else does. What a peer does is never worth
 * more than DEBUG: a reset is how the other side of the world says goodbye.
 */
final class ServerLog implements ServerObserver {
  private static final Logger LOG = LoggerFactory.getLogger(Server.class);
  private static final long ACCEPT_FAILURE_INTERVAL = TimeUnit.SECONDS.toNanos(10);

  /** Failures to accept that were not told yet: there may be two hundred a second. */
  private final AtomicInteger acceptFailures = new AtomicInteger();

  /** The time of the next line about them. */
  private final AtomicLong nextAcceptFailure = new AtomicLong(System.nanoTime());

  @Override
  public void onEvent(ServerEvent event) {
    switch (event) {
      case ServerEvent.Listening e -> LOG.debug("listening on {}", Addresses.format(e.address()));
      case ServerEvent.ConnectionOpened e -> LOG.trace("{}: opened", e.connection());
      case ServerEvent.ConnectionClosed e -> closed(e);
      case ServerEvent.AcceptFailed e -> acceptFailed(e);
      case ServerEvent.ListenerFailed e ->
          LOG.error(
              "the listener on {} has failed; the server drains",
              Addresses.format(e.listener()),
              e.failure());
      case ServerEvent.ListenerLost e ->
          LOG.warn(
              "the listener on {} was destroyed from outside; binding it again",
              Addresses.format(e.listener()));
      case ServerEvent.ListenerRestored e ->
          LOG.info("listening on {} again", Addresses.format(e.listener()));
      case ServerEvent.DrainBegan e -> LOG.info("draining {} connections", e.connections());
      case ServerEvent.DrainEnded e -> drainEnded(e.report());
      case ServerEvent.CarriersBusy e ->
          LOG.warn(
              "no virtual thread could run for {} ms; carriers are now {}; busy with {}",
              e.waited().toMillis(),
              e.parallelism(),
              e.running());
    }
  }

  /** Tells that event loops were asked for and cannot be had. */
  static void noEventLoops(Exception cause) {
    LOG.warn(
        "no event loops: start java with --add-opens java.base/java.lang=io.plainweave (on the class"
            + " path: =ALL-UNNAMED); the connections run on the JDK's scheduler ({})",
        cause.toString());
  }

  private static void closed(ServerEvent.ConnectionClosed e) {
    switch (e.reason()) {
      case CloseReason.HandlerFailed(Throwable failure) ->
          LOG.error("{}: the handler has failed; the connection is reset", e.connection(), failure);
      case CloseReason.UpstreamFailed(IOException cause) ->
          LOG.warn(
              "{}: reset, since its upstream has failed: {}", e.connection(), cause.getMessage());
      default -> LOG.debug("{}: closed: {}", e.connection(), e.reason());
    }
  }

  private void acceptFailed(ServerEvent.AcceptFailed e) {
    acceptFailures.incrementAndGet();
    long now = System.nanoTime();
    long next = nextAcceptFailure.get();
    if (now - next >= 0 && nextAcceptFailure.compareAndSet(next, now + ACCEPT_FAILURE_INTERVAL)) {
      LOG.warn(
          "cannot accept on {}, {} times since last told: {}",
          Addresses.format(e.listener()),
          acceptFailures.getAndSet(0),
          e.failure().toString());
    }
  }

  private static void drainEnded(DrainReport report) {
    LOG.info(
        "drained: {} connections have finished, {} were cancelled, in {} ms",
        report.finished(),
        report.forced(),
        report.elapsed().toMillis());
    if (!report.forcedAt().isEmpty()) {
      LOG.warn("cancelled while at {}", report.forcedAt());
    }
    if (!report.survivors().isEmpty()) {
      LOG.warn("these handlers ignore the cancellation: {}", report.survivors());
    }
  }

  void observerFailed(ServerObserver observer, ServerEvent event, Throwable failure) {
    LOG.error("the observer {} has failed at {}", observer, event, failure);
  }

  static void optionRefused(Object what, IOException failure) {
    LOG.debug("{}: an accepted socket does not take an option", what, failure);
  }

  static void closeFailed(Object what, Throwable failure) {
    LOG.debug("{}: the socket did not close well", what, failure);
  }

  static void socketFileLeft(Path path, IOException failure) {
    LOG.warn(
        "the file of the socket stays, and the next server will find it stale: {}", path, failure);
  }

  static void serverFailed(Throwable failure) {
    LOG.error("a thread of the server has failed; the server is cancelled", failure);
  }

  static void taskFailed(Throwable failure) {
    LOG.error("a thread has failed at its end", failure);
  }

  static void secondSignalIgnored(Throwable cause) {
    LOG.debug("a second signal cannot be told from the first", cause);
  }
}
