package io.plainweave.client;

import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Scenario;
import io.plainweave.interleavings.explorer.Twin;
import io.plainweave.internal.connection.ModelHome;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.transport.Kernel;
import io.plainweave.internal.transport.ModelChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The idle connections of a pool, in every order")
class PoolInterleavingsTest {
  /** Two connections that are given back. */
  private abstract static class Idle extends Scenario {
    final Kernel kernel;
    final ModelHome home;
    final IdleConnections idle;
    final List<ModelChannel> sockets = new ArrayList<>();

    Idle(PoolLimits limits) {
      try {
        kernel = new Kernel();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
      home = ModelHome.on(kernel);
      idle = new IdleConnections(limits);
    }

    final SocketConnection connection() throws IOException {
      ModelChannel socket = kernel.socket();
      sockets.add(socket);
      return home.accepted(socket);
    }

    final void giveBack(SocketConnection connection) {
      if (!idle.keep(connection, home)) {
        connection.abort();
      }
    }

    final int closed() {
      int closed = 0;
      for (ModelChannel socket : sockets) {
        must(socket.released() <= 1, "closed twice");
        closed += socket.released();
      }
      return closed;
    }
  }

  /** The pool is closed meanwhile. */
  static final class Close extends Idle {
    Close() {
      super(PoolLimits.DEFAULT);
    }

    @Override
    protected void prepare() throws IOException {
      SocketConnection one = connection();
      SocketConnection other = connection();
      thread(() -> giveBack(one));
      thread(() -> giveBack(other));
      thread(idle::close);
    }

    @Override
    protected void check() {
      must(closed() == 2, "so many were closed: " + closed());
      must(idle.size() == 0, "so many are kept: " + idle.size());
    }
  }

  /** Two borrow what one gives back. */
  static final class Borrow extends Idle {
    private final AtomicInteger borrowed = new AtomicInteger();

    Borrow() {
      super(PoolLimits.DEFAULT);
    }

    @Override
    protected void prepare() throws IOException {
      SocketConnection one = connection();
      thread(() -> giveBack(one));
      thread(this::borrow);
      thread(this::borrow);
    }

    private void borrow() {
      SocketConnection taken = idle.take(home);
      if (taken != null) {
        borrowed.incrementAndGet();
      }
    }

    @Override
    protected void check() {
      must(borrowed.get() + idle.size() == 1, "one is with " + borrowed + " and " + idle.size());
      must(closed() == 0, "one was closed");
    }
  }

  /** One place for two that are given back. */
  static final class OnePlace extends Idle {
    OnePlace() {
      super(PoolLimits.DEFAULT.maxIdle(1));
    }

    @Override
    protected void prepare() throws IOException {
      SocketConnection one = connection();
      SocketConnection other = connection();
      thread(() -> giveBack(one));
      thread(() -> giveBack(other));
    }

    @Override
    protected void check() {
      must(idle.size() == 1, "so many are kept: " + idle.size());
      must(closed() == 1, "so many were closed: " + closed());
    }
  }

  @Test
  void nothingIsKeptOpenByAPoolThatIsClosed() {
    Interleavings.explore(Close.class);
  }

  @Test
  void aConnectionIsLentToOne() {
    Interleavings.explore(Borrow.class);
  }

  @Test
  void whatHasNoPlaceIsClosed() {
    Interleavings.explore(OnePlace.class);
  }

  @Test
  void oneThatIsKeptWithoutTheLockIsFound() {
    Interleavings.finds(Close.class, Twin.without("IdleConnections", "keep", "lock", "unlock"));
  }

  @Test
  void oneThatIsForgottenIsFound() {
    Interleavings.finds(OnePlace.class, Twin.without("IdleConnections", "keep", "forEach"));
  }
}
