package io.plainweave.internal.connection;

import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.PolledChannel;
import io.plainweave.internal.transport.Turn;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The wait for the peer's end, behind ours. */
final class Linger {
  private Linger() {}

  /**
   * Reads and drops until the peer has finished or the channel is closed. However fast bytes come,
   * only the time is limited: a peer in the middle of a large request does not look for an early
   * reply before it has sent it all. Called behind {@link ConnectionInput#closeForGood()}, so that
   * nobody else reads.
   */
  static void drop(Wire connection) {
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
