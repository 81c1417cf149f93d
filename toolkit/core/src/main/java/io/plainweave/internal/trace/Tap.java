package io.plainweave.internal.trace;

import io.plainweave.CloseReason;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Is told what passes along one connection, by the threads that read and write it. It neither waits
 * nor throws, and leaves alone what it is shown.
 */
public interface Tap {
  /** The peer has sent these bytes. */
  void received(ByteBuffer bytes);

  /** These bytes are on their way to the peer. */
  void sent(ByteBuffer bytes);

  /** There was no memory to show so many bytes. */
  void missed(boolean received, int count);

  /** A write waits, since the peer does not read. */
  void waitsForRoom();

  /** The wait is over. */
  void waitedForRoom(long millis);

  /** The peer has finished. */
  void peerFinished();

  /** The output is finished. */
  void finished();

  /** Something else has happened that is worth a line. */
  void note(String event);

  /** The connection is about to be reset. */
  void resets();

  /**
   * The connection is closed.
   *
   * @param reason why, if that is known
   */
  void ended(@Nullable CloseReason reason);
}
