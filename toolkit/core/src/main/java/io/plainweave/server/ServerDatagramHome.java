package io.plainweave.server;

import io.plainweave.CloseReason;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.udp.DatagramHome;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.concurrent.ThreadFactory;

/** The server, as its receivers of datagrams see it. */
record ServerDatagramHome(ServerHome home, Supervisor supervisor, Lifecycle lifecycle)
    implements DatagramHome {
  @Override
  public Ticks ticks() {
    return home.ticks();
  }

  @Override
  public ServerObserver observer() {
    return home.observer();
  }

  @Override
  public ThreadFactory threads() {
    // Another poller for each thread.
    return task -> home.pollers().next().threads().newThread(task);
  }

  @Override
  public boolean isDenied(InetAddress source) {
    return home.admission().isDenied(source);
  }

  @Override
  public boolean cancelsDatagrams() {
    return home.drain().cancelsDatagrams();
  }

  @Override
  public void ended(CloseReason reason) {
    home.drain().connectionEnded(reason);
  }

  @Override
  public void failed(SocketAddress listener, Throwable cause) {
    supervisor.failed(listener, cause);
  }

  @Override
  public void receiverEnded() {
    lifecycle.acceptorEnded(false);
  }

  @Override
  public boolean isCancelledWithin(long nanos) throws InterruptedException {
    return lifecycle.await(ServerState.CANCELLING, nanos);
  }
}
