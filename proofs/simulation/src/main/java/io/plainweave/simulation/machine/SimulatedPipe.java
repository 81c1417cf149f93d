package io.plainweave.simulation.machine;

import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;

/** A pipe in memory, of which only the number of bytes matters: it wakes who selects. */
final class SimulatedPipe extends Pipe {
  private int bytes;
  private final Source source = new Source();
  private final Sink sink = new Sink();

  @Override
  public SourceChannel source() {
    return source;
  }

  @Override
  public SinkChannel sink() {
    return sink;
  }

  final class Source extends SourceChannel {
    private Selector selector;

    private Source() {
      super(SelectorProvider.provider());
    }

    /** Told by the one selector that looks at it. */
    void lookedAtBy(Selector by) {
      selector = by;
    }

    private void wake() {
      if (selector != null) {
        selector.wakeup();
      }
    }

    boolean isReady() {
      return bytes > 0;
    }

    @Override
    public int read(ByteBuffer target) {
      int n = Math.min(bytes, target.remaining());
      target.position(target.position() + n);
      bytes -= n;
      return n;
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
      return read(targets[offset]);
    }

    @Override
    public long read(ByteBuffer[] targets) {
      return read(targets[0]);
    }

    @Override
    protected void implCloseSelectableChannel() {
      // There is no descriptor.
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
      // Nobody waits for it but by a selector.
    }
  }

  final class Sink extends SinkChannel {
    private Sink() {
      super(SelectorProvider.provider());
    }

    @Override
    public int write(ByteBuffer from) throws ClosedChannelException {
      if (!isOpen()) {
        throw new ClosedChannelException();
      }
      int n = from.remaining();
      from.position(from.limit());
      bytes += n;
      source.wake();
      return n;
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws ClosedChannelException {
      return write(sources[offset]);
    }

    @Override
    public long write(ByteBuffer[] sources) throws ClosedChannelException {
      return write(sources[0]);
    }

    @Override
    protected void implCloseSelectableChannel() {
      // There is no descriptor.
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
      // It always takes everything.
    }
  }
}
