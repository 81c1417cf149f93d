package io.plainweave;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts what the JDK starts at first use, while there are descriptors and threads for it.
 *
 * <p>The poller of virtual threads opens its descriptors when the first of them waits for a socket.
 * If that fails because the process has none left, its class stays broken, and no connection can
 * wait for the rest of the process's life; so it is with the threads behind timed waits. After a
 * warm-up a server survives the lack of either.
 */
final class WarmUp {
  private WarmUp() {}

  /** Makes a virtual thread wait for a descriptor and for a time. Cheap when it was done before. */
  static void run() throws IOException, InterruptedException {
    Pipe pipe = Pipe.open();
    try (var source = pipe.source();
        var sink = pipe.sink()) {
      Thread reader =
          Thread.startVirtualThread(() -> {
            try {
              LockSupport.parkNanos(1);
              source.read(ByteBuffer.allocate(1));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      while (reader.getState() != Thread.State.WAITING && reader.isAlive()) {
        Thread.onSpinWait();
      }
      sink.write(ByteBuffer.allocate(1));
      reader.join();
    }
  }
}
