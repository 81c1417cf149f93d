package io.plainweave.internal.transport;

import java.io.IOException;
import java.nio.channels.FileChannel;

/** A part of a file that goes to a plain socket without a copy, in slices (sendfile(2)). */
public final class FilePart {
  public static final Mover<FilePart> SLICE =
      new Mover<>() {
        @Override
        public boolean isOver(FilePart source) {
          return source.over || source.position == source.sliceEnd;
        }

        @Override
        public long position(FilePart source) {
          return source.position;
        }

        @Override
        public boolean move(FilePart source, Transport transport) {
          if (transport != source.channel) {
            // Somebody looks at what passes, which is in no buffer here.
            source.over = true;
            return false;
          }
          return source.move();
        }
      };

  /** After each of them, the thread looks whether it is to give way. */
  private static final int SLICE_SIZE = 1024 * 1024;

  private final PolledChannel channel;
  private final FileChannel file;
  private final long end;
  private long position;
  private long sliceEnd;

  /** Whether the rest goes another way, which knows whose fault it is if something is wrong. */
  private boolean over;

  public FilePart(PolledChannel channel, FileChannel file, long position, long end) {
    this.channel = channel;
    this.file = file;
    this.position = position;
    this.sliceEnd = position;
    this.end = end;
  }

  /** Goes on to the next slice; false if there is none. */
  public boolean next() {
    sliceEnd = Math.min(end, position + SLICE_SIZE);
    return !over && position < sliceEnd;
  }

  /** Where what was sent ends. */
  public long position() {
    return position;
  }

  private boolean move() {
    long n = 0;
    try {
      n = channel.write(file, position, sliceEnd - position);
      // If there is no want of room, the file has no more, as far as its size says so.
      over = n == 0 && position >= file.size();
    } catch (IOException ofEither) {
      over = true;
    }
    position += n;
    return n > 0;
  }
}
