package io.plainweave.loadtests.compare;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The bytes of one of the client's connections; confined to the thread of its load. */
sealed interface Transport extends Closeable permits PlainTransport, TlsTransport {
  /** Enough for what a read may bring, if no more is on its way. */
  int LEAST_TARGET = 32 << 10;

  SocketChannel channel();

  /** Whether messages may be sent without {@link #establish()}. */
  boolean isEstablished();

  /** Waits until messages may be sent; only in blocking mode. */
  void establish() throws IOException;

  /** Reads as a channel does, into a target of {@link #LEAST_TARGET} bytes or more. */
  int read(ByteBuffer target) throws IOException;

  /** Writes as a channel does; some of it may be {@linkplain #hasUnsent() unsent}. */
  int write(ByteBuffer source) throws IOException;

  /** Whether something that was written waits for a further {@link #write}. */
  boolean hasUnsent();

  /**
   * Ends the stream to the server, in blocking mode.
   *
   * @return whether the server has something to say to that, which has to be read before the
   *     connection is closed: bytes that meet a closed socket are answered with a reset
   */
  boolean finish() throws IOException;
}
