package io.plainweave.internal.transport;

import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.atomic.AtomicInteger;

/** A pipe without a kernel: it counts the bytes that are in it. */
final class ModelPipe extends Pipe {
  private final ModelSelector selector;
  private final AtomicInteger bytes = new AtomicInteger();
  private final Source source = new Source();
  private final Sink sink = new Sink();

  ModelPipe(ModelSelector selector) {
    this.selector = selector;
  }

  @Override
  public SourceChannel source() {
    return source;
  }

  @Override
  public SinkChannel sink() {
    return sink;
  }

  final class Source extends SourceChannel implements ModelSelector.Model {
    Source() {
      super(SelectorProvider.provider());
    }

    @Override
    public int readiness() {
      return bytes.get() > 0 ? SelectionKey.OP_READ : 0;
    }

    @Override
    public void release() {}

    @Override
    public int read(ByteBuffer target) {
      int n = Math.min(bytes.get(), target.remaining());
      target.position(target.position() + n);
      bytes.addAndGet(-n);
      return n;
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] targets) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void implCloseSelectableChannel() {}

    @Override
    protected void implConfigureBlocking(boolean block) {}
  }

  final class Sink extends SinkChannel {
    Sink() {
      super(SelectorProvider.provider());
    }

    @Override
    public int write(ByteBuffer bytesToWrite) {
      bytesToWrite.position(bytesToWrite.limit());
      bytes.incrementAndGet();
      selector.changed();
      return 1;
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] sources) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void implCloseSelectableChannel() {}

    @Override
    protected void implConfigureBlocking(boolean block) {}
  }
}
