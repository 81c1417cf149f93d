package io.plainweave.internal.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How the bytes of a connection travel: as they are, over its channel, or in TLS. It never blocks
 * in a transfer: that moves what can be moved now, and a wait is a call of its own, during which
 * neither the thread nor the transport holds a buffer.
 *
 * <p>One thread may read while another writes. A connection whose handshake or handler changes to
 * another transport does so while nobody reads or writes.
 */
public sealed interface Transport permits PolledChannel, TlsTransport, Transport.Decorated {
  /** Another transport, at which somebody looks. */
  non-sealed interface Decorated extends Transport {}

  /**
   * Reads what is there: 0 if nothing is, -1 at the end of input. It leaves room in the target only
   * when there is nothing more, or when {@link #awaitReadable()} does not wait for it.
   */
  int read(ByteBuffer target) throws IOException;

  /**
   * Writes what there is room for, perhaps nothing. What it has taken of the source is on its way
   * when it returns, but for {@link #hasUnsent()}.
   *
   * @return how many bytes the channel has taken by this call: how far the peer lets us go on,
   *     which need not be how far it has gone on with the source
   */
  int write(ByteBuffer source) throws IOException;

  /**
   * Whether some of what was taken has not been sent: a write, of nothing more if there is nothing
   * more, is to go on with it.
   */
  boolean hasUnsent();

  /** Waits until there may be something to read. */
  void awaitReadable() throws IOException;

  /** Waits until there may be room to write. */
  void awaitWritable() throws IOException;

  /** How many bytes can be read without a wait, if that can be told. */
  int available() throws IOException;

  /**
   * Tells the peer that nothing more comes, as far as there is room.
   *
   * @return false if it is to be called again when there may be room
   */
  boolean finishOutput() throws IOException;
}
