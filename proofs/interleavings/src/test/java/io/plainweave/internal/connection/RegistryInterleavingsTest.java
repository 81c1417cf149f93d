package io.plainweave.internal.connection;

import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Scenario;
import io.plainweave.interleavings.explorer.Twin;
import io.plainweave.internal.transport.Kernel;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The registry of connections, in every order")
class RegistryInterleavingsTest {
  /** So many slots there are before it grows. */
  private static final int SLOTS = 64;

  /** Connections come and go while somebody looks at all of them, and it has to grow. */
  static final class ComeAndGo extends Scenario {
    private final ConnectionRegistry registry = new ConnectionRegistry();
    private final List<SocketConnection> there = new ArrayList<>();
    private final List<SocketConnection> seen = new ArrayList<>();

    @Override
    protected void prepare() throws IOException {
      var kernel = new Kernel();
      var home = ModelHome.on(kernel);
      for (int i = 0; i < SLOTS - 1; i++) {
        there.add(home.accepted(kernel.socket()));
      }
      there.forEach(registry::add);
      for (int i = 0; i < 2; i++) {
        SocketConnection one = home.accepted(kernel.socket());
        SocketConnection other = home.accepted(kernel.socket());
        thread(() -> {
          registry.add(one);
          registry.add(other);
          registry.remove(one);
          registry.remove(one);
          registry.remove(other);
        });
      }
      thread(() -> registry.forEach(seen::add));
    }

    @Override
    protected void check() {
      must(seen.containsAll(there), "one that was there was not seen");
      Set<Integer> slots = new HashSet<>();
      registry.forEach(connection -> slots.add(connection.slot()));
      must(slots.size() == SLOTS - 1, "so many are there: " + slots.size());
      must(!registry.isEmpty(), "it takes itself for empty");
      there.forEach(registry::remove);
      must(registry.isEmpty(), "slots are lost");
    }
  }

  /** A socket comes while all are closed. */
  static final class Adoption extends Scenario {
    private final ConnectionRegistry registry = new ConnectionRegistry();
    private volatile boolean closed;

    @Override
    protected void prepare() {
      Closeable socket = () -> closed = true;
      thread(() -> registry.adopt(socket));
      thread(registry::closeAdopted);
    }

    @Override
    protected void check() {
      must(closed, "it is left open");
    }
  }

  @Test
  void nobodyIsForgottenAndNoSlotIsLost() {
    Interleavings.explore(ComeAndGo.class);
  }

  @Test
  void whatIsAdoptedIsClosed() {
    Interleavings.explore(Adoption.class);
  }

  @Test
  void twoWhoTakeTheSameSlotAreFound() {
    Interleavings.finds(
        ComeAndGo.class, Twin.without("ConnectionRegistry", "add", "lock", "unlock"));
  }

  @Test
  void twoWhoGiveBackASlotAtOnceAreFound() {
    Interleavings.finds(
        ComeAndGo.class, Twin.without("ConnectionRegistry", "remove", "lock", "unlock"));
  }

  @Test
  void anAdoptionThatComesTooLateIsFound() {
    Interleavings.finds(
        Adoption.class, Twin.without("ConnectionRegistry", "adopt", "closeAdopted"));
  }
}
