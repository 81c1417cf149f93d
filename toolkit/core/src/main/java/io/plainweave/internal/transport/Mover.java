package io.plainweave.internal.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How one kind of source moves by a {@link Transport}. They are shared, so that a send allocates
 * nothing.
 */
public interface Mover<S> {
  /** Moves the bytes of a buffer. */
  Mover<ByteBuffer> BYTES =
      new Mover<>() {
        @Override
        public boolean isOver(ByteBuffer source) {
          return !source.hasRemaining();
        }

        @Override
        public long position(ByteBuffer source) {
          return source.position();
        }

        @Override
        public boolean move(ByteBuffer source, Transport transport) throws IOException {
          return transport.write(source) > 0;
        }
      };

  /** Whether nothing of it is left to be sent. */
  boolean isOver(S source);

  /** How many bytes of it are sent, counted from anywhere. */
  long position(S source);

  /** Moves what there is room for; whether the channel has taken any of it. */
  boolean move(S source, Transport transport) throws IOException;
}
