package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The bytes as they are. */
record PlainTransport(SocketChannel channel) implements Transport {
  @Override
  public boolean isEstablished() {
    return true;
  }

  @Override
  public void establish() {}

  @Override
  public int read(ByteBuffer target) throws IOException {
    return channel.read(target);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    return channel.write(source);
  }

  @Override
  public boolean hasUnsent() {
    return false;
  }

  /** Closing the channel sends the FIN. */
  @Override
  public boolean finish() {
    return false;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
