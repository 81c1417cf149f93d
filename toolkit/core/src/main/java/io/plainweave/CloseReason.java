package io.plainweave;

import io.plainweave.admission.Refusal;
import io.plainweave.text.OneLine;
import java.io.IOException;
import java.net.ConnectException;
import javax.net.ssl.SSLException;

/**
 * Why a connection has ended: the first cause, reported once for each connection by {@link
 * io.plainweave.event.ServerEvent.ConnectionClosed}, and shown by {@link Connection#closeReason()}.
 * A {@code switch} over it is exhaustive.
 *
 * <p>As text it is one line, whatever the peer has sent: a character that is not seen, such as a
 * line feed or ESC, is shown by its escape in Java. That does not hold for the message of a failure
 * that is in it, if it is not a {@link ConnectionException}: {@code For input string: "7\n"} has a
 * line feed for everybody who logs it by himself.
 */
public sealed interface CloseReason {
  /** The handler has returned, or the connection was closed; the output was finished in order. */
  record Finished() implements CloseReason {}

  /** The drain has ended the input, and the handler has returned. */
  record Drained() implements CloseReason {}

  /**
   * The peer has reset the connection, or the network has lost it.
   *
   * @param cause what the socket said
   */
  record PeerReset(PeerResetException cause) implements CloseReason {}

  /**
   * The peer has finished in the middle of a message, or of a TLS connection without close_notify.
   *
   * @param cause what was missing
   */
  record Truncated(TruncatedMessageException cause) implements CloseReason {}

  /**
   * The peer has sent what is no message.
   *
   * @param cause what was wrong
   */
  record Malformed(MalformedMessageException cause) implements CloseReason {}

  /**
   * The two sides have not agreed in the TLS handshake, or what came later was no TLS.
   *
   * @param cause what was wrong, as found here, or as the peer says in its alert
   */
  record TlsFailed(SSLException cause) implements CloseReason {
    @Override
    public String toString() {
      return OneLine.of("TlsFailed[cause=" + cause + "]");
    }
  }

  /**
   * A time limit has run out, or a {@link Deadline} has passed.
   *
   * @param limit which one
   */
  record TimedOut(TimeLimits.Kind limit) implements CloseReason {}

  /**
   * The handshake has shown who the client is, or whether it comes by a {@link
   * io.plainweave.proxyprotocol.ProxyProtocol proxy}, and that one is not admitted.
   *
   * @param refusal why
   */
  record Refused(Refusal refusal) implements CloseReason {}

  /**
   * The peer has finished while the handler was at work, and a scope was to end then ({@link
   * ConnectionScope#endWhen}).
   */
  record PeerFinished() implements CloseReason {}

  /** The peer has not taken its messages as fast as they came. */
  record SlowPeer() implements CloseReason {}

  /**
   * {@link Connection#abort()} was called; or a {@link Connection#close() close} from another
   * thread, or an interrupt, has met a thread in the middle of its work with the connection.
   *
   * @param text what whoever has called it says of it ({@link Connection#abort(String)}), or empty
   */
  record Aborted(String text) implements CloseReason {
    /** Makes one that says no more. */
    public Aborted() {
      this("");
    }

    @Override
    public String toString() {
      return text.isEmpty() ? "Aborted[]" : OneLine.of("Aborted[text=" + text + "]");
    }
  }

  /**
   * Somebody has ended this one connection of a server that goes on ({@link
   * io.plainweave.status.LiveConnection}), in order or by a reset.
   *
   * @param text why, as given there
   */
  record EndedByOperator(String text) implements CloseReason {
    @Override
    public String toString() {
      return OneLine.of("EndedByOperator[text=" + text + "]");
    }
  }

  /** The server was cancelled while the handler was at work. */
  record Cancelled() implements CloseReason {}

  /**
   * Another connection, without which the handler could not serve this one, has failed or was not
   * to be had: the other side of a {@link io.plainweave.client.Relay}, or what a {@link
   * io.plainweave.client.Connector} was to connect to.
   *
   * @param cause what has become of it, with its address
   */
  record UpstreamFailed(IOException cause) implements CloseReason {
    @Override
    public String toString() {
      return OneLine.of("UpstreamFailed[cause=" + cause + "]");
    }
  }

  /**
   * The handler, or a thread that it has forked, has failed.
   *
   * @param failure what it threw
   */
  record HandlerFailed(Throwable failure) implements CloseReason {
    @Override
    public String toString() {
      return OneLine.of("HandlerFailed[failure=" + failure + "]");
    }
  }

  /**
   * Returns what a failure of a handler means for its connection, if nothing else has ended that
   * before. So a reset, or a connection that is closed, is another one than this: its own has ended
   * it already.
   *
   * @param failure what the handler has thrown
   * @return the reason
   */
  static CloseReason of(Throwable failure) {
    return switch (failure) {
      case TruncatedMessageException e -> new Truncated(e);
      case MalformedMessageException e -> new Malformed(e);
      case DeadlineExceededException _ -> new TimedOut(TimeLimits.Kind.DEADLINE);
      case PeerResetException e -> new UpstreamFailed(e);
      case ConnectionClosedException e -> new UpstreamFailed(e);
      case ConnectException e -> new UpstreamFailed(e);
      case SSLException e -> new UpstreamFailed(e);
      default -> new HandlerFailed(failure);
    };
  }

  /**
   * Returns whether this is an ordinary end, for which nobody needs to do anything: all but a
   * failed handler and a failed upstream.
   *
   * @return false if the handler or its upstream has failed
   */
  default boolean isExpected() {
    return !(this instanceof HandlerFailed || this instanceof UpstreamFailed);
  }
}
