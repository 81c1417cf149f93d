package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.DeadlineExceededException;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.TlsTransport;
import io.plainweave.internal.transport.Turn;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How a connection ends: in order, when its handler has returned or somebody closes it, or by a
 * reset, when something would be cut. Who is in the middle of a read or write is never waited for.
 */
final class ConnectionEnd {
  private ConnectionEnd() {}

  /** Ends the connection because its handler has returned. */
  static void afterReturn(SocketConnection connection) throws IOException {
    forgetInterrupt();
    inOrder(connection);
  }

  /**
   * Ends the connection after a failure of its handler: with a reset, unless the handler has failed
   * only because its input was ended at this side. That is no fault, and a reset could destroy the
   * replies that are on their way. So it could the alert that says why TLS has failed, and what was
   * sent before another thread has closed the connection in order. A deadline that nobody has
   * caught is a failure, also where it has ended the input: there was no reply to it.
   */
  static void afterFailure(SocketConnection connection, Throwable failure) {
    forgetInterrupt();
    CloseReason reason = connection.reason();
    boolean late = failure instanceof DeadlineExceededException;
    CloseReason cut = failure instanceof IOException && !late ? connection.input().endedBy() : null;
    boolean alerted = reason instanceof CloseReason.TlsFailed;
    if (alerted) {
      connection.socketOutput().drop();
    }
    if (alerted || connection.socketOutput().isClosed() || (cut != null && reason == null)) {
      try {
        inOrder(connection);
        return;
      } catch (IOException | OutOfMemoryError e) {
        // The peer is gone, and has given the reason; or there is no buffer to wait for it with.
      }
    }
    connection.abort(cut != null ? cut : reasonOf(connection, failure));
  }

  /** What a failure of the handler, or of a thread that it has forked, means for the connection. */
  static CloseReason reasonOf(Wire connection, Throwable failure) {
    // Another thread closes it, and the reason of that is yet to come.
    return failure instanceof ConnectionClosedException
            && connection.socketOutput().isClosedByOther()
        ? new CloseReason.Aborted()
        : CloseReason.of(failure);
  }

  /**
   * An interrupt that the handler has left to us was meant for it, and it is over: what it has
   * written is to reach the peer, and not to be cut. A cancellation does not rely on interrupts, it
   * resets the connection as well.
   */
  private static void forgetInterrupt() {
    Thread.interrupted();
  }

  /** See {@link io.plainweave.Connection#close()}. */
  static void inOrder(SocketConnection connection) throws IOException {
    if (!connection.channel().isOpen()) {
      // A thread was interrupted while it used the connection.
      connection.endWith(new CloseReason.Aborted());
      return;
    }
    if (connection.socketOutput().isClosed()) {
      leaveToOther(connection);
      return;
    }
    // One that was opened here has no thread of its own.
    boolean own = connection.isOutbound() || connection.isHandlerThread();
    try {
      if (!finishForGood(connection, own)) {
        if (connection.socketOutput().isClosedByOther()) {
          leaveToOther(connection); // which has come first by a moment
        } else {
          connection.abort(new CloseReason.Aborted());
        }
      } else if (own || !connection.home().timeCheck().lingers()) {
        lingerAndClose(connection);
      }
    } catch (Throwable e) {
      connection.closeSocket();
      throw e;
    }
  }

  /** Another thread has begun, and has left the wait for the peer to that of the handler. */
  private static void leaveToOther(SocketConnection connection) {
    if (connection.isHandlerThread()) {
      connection.endWith(reasonInOrder(connection));
      lingerAndClose(connection);
    }
  }

  /**
   * Lets all reads and writes fail from now on, and sends FIN behind all that was written; false,
   * and nothing is sent, if that would cut a message.
   */
  private static boolean finishForGood(SocketConnection connection, boolean own)
      throws IOException {
    CloseReason why = reasonInOrder(connection);
    OutputBuffer buffer = connection.scopes().outputBuffer();
    if (buffer != null && buffer.isOwner()) {
      buffer.awaitFlushed();
    }
    boolean whole = connection.socketOutput().closeForGood(own);
    if (!whole || (buffer != null && buffer.isKept())) {
      return false;
    }
    if (!own) {
      // Before the handler can fail for it, and end in its turn.
      connection.endWith(why);
    }
    connection.input().closeForGood();
    if (!own || !closeFinishes(connection)) {
      connection.socketOutput().finishClosed();
    }
    connection.endWith(why);
    connection.enterLinger();
    return true;
  }

  /**
   * Whether the close of the socket, which comes next, sends FIN by itself: nothing is left to
   * read, and TLS has nothing to say before. That saves a system call.
   */
  private static boolean closeFinishes(SocketConnection connection) {
    return connection.input().isFinishedByPeer() && connection.tls().isEmpty();
  }

  private static CloseReason reasonInOrder(SocketConnection connection) {
    CloseReason ended = connection.input().endedBy();
    return ended != null ? ended : new CloseReason.Finished();
  }

  /**
   * Reads and drops until the peer has finished, then closes: closing a socket with unread input
   * makes the kernel send RST, which can destroy the reply on its way (RFC 9112, section 9.6). The
   * reaper ends what takes too long.
   */
  private static void lingerAndClose(SocketConnection connection) {
    try {
      if (connection.home().timeCheck().lingers()) {
        drop(connection);
      }
    } finally {
      // Both directions were closed for good, but a reader of another thread may not have left yet.
      if (connection.input().isFree()) {
        connection.closeSocketAtRest();
      } else {
        connection.closeSocket();
      }
    }
  }

  /** Gives back what is borrowed, as far as no other thread is using it at this moment. */
  static void giveBackBuffers(SocketConnection connection, @Nullable TlsTransport tls) {
    boolean readsNoMore = connection.input().release();
    connection.socketOutput().release();
    if (tls != null) {
      tls.release(readsNoMore);
    }
  }

  /**
   * Reads and drops until the peer has finished or the channel is closed. However fast bytes come,
   * only the time is limited: a peer in the middle of a large request does not look for an early
   * reply before it has sent it all. Called behind {@link ConnectionInput#closeForGood()}, so that
   * nobody else reads.
   */
  private static void drop(Wire connection) {
    // However the bytes travel, nobody reads them any more.
    PolledChannel channel = connection.channel();
    boolean finished = connection.input().isFinishedByPeer();
    boolean moreToRead = connection.input().hasMoreToRead();
    // Most peers send nothing more: a large buffer is for those that do.
    boolean much = false;
    int turnSince = Turn.NONE;
    try {
      while (!finished) {
        if (!moreToRead) {
          channel.awaitPeersEnd();
          turnSince = Turn.NONE;
        } else {
          turnSince = connection.goOn(turnSince);
        }
        // What becomes of the connection now is no failure: its reason to end is known.
        BufferPool buffers = connection.buffers();
        ByteBuffer dropped = much ? buffers.takeLarge() : buffers.take();
        try {
          finished = channel.read(dropped) < 0;
          much = !dropped.hasRemaining();
          moreToRead = much;
        } finally {
          buffers.give(dropped);
        }
      }
    } catch (IOException resetOrClosed) {
      // Nothing more comes.
    }
  }
}
