package io.plainweave.internal.transport;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/** What a poller needs of a kernel, without one. */
public final class Kernel {
  private final ModelSelector selector = new ModelSelector();
  private final Poller poller;

  public Kernel() throws IOException {
    var pipe = new SelfPipe(new ModelPipe(selector));
    selector.register((ModelPipe.Source) pipe.source(), SelectionKey.OP_READ, pipe);
    poller = new Poller(selector, pipe, Thread.ofPlatform().factory());
  }

  Poller poller() {
    return poller;
  }

  public Pollers pollers() {
    return new Pollers(poller);
  }

  public ModelChannel socket() throws IOException {
    var socket = new ModelChannel(selector);
    SocketChannel _ = (SocketChannel) socket.configureBlocking(false);
    return socket;
  }

  /** Does what the poller's thread does, until it is {@linkplain #stop() stopped}. */
  public void poll() throws IOException {
    poller.beginOn(Thread.currentThread());
    while (!poller.isStopped()) {
      int _ = poller.round(() -> true);
    }
    poller.close();
  }

  public void stop() {
    poller.stop();
  }
}
