package io.plainweave.internal.admission;

import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Refusal;
import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Scenario;
import io.plainweave.interleavings.explorer.Twin;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.ModelHome;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.Kernel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Those who are admitted, in every order")
class AdmissionInterleavingsTest {
  private abstract static class Admitting extends Scenario {
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger mostInside = new AtomicInteger();
    final AtomicInteger admitted = new AtomicInteger();
    final AtomicInteger refused = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final Kernel kernel;
    final ModelHome home;
    final Admission admission;
    final ListenerLimit listener;

    Admitting(AdmissionRules rules) {
      try {
        kernel = new Kernel();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
      home = ModelHome.on(kernel);
      admission =
          new Admission(
              rules, new ConnectionRegistry(), new Ticks(), _ -> {}, new Descriptors(10_000));
      listener = admission.add(Listen.tcp(0), new InetSocketAddress(0));
    }

    final SocketConnection connection() throws IOException {
      return home.accepted(kernel.socket());
    }

    /** Adds an acceptor of one connection, which is served at once. */
    final void acceptor() throws IOException {
      SocketConnection connection = connection();
      thread(() -> {
        if (!admission.awaitTurn(listener)) {
          closed.incrementAndGet();
          return;
        }
        switch (admission.admit(connection, listener)) {
          case Admission.Verdict.Admitted _ -> serve(connection);
          case Admission.Verdict.Refused(Refusal _) -> refused.incrementAndGet();
          case Admission.Verdict.Closed _ -> closed.incrementAndGet();
        }
      });
    }

    private void serve(SocketConnection connection) {
      admitted.incrementAndGet();
      int now = inside.incrementAndGet();
      mostInside.accumulateAndGet(now, Math::max);
      inside.decrementAndGet();
      admission.release(connection, listener);
      admission.release(connection, listener);
    }

    final void mustBe(int most, int admitted, int refused) {
      must(mostInside.get() <= most, "so many were there at once: " + mostInside);
      must(this.admitted.get() == admitted, "so many were admitted: " + this.admitted);
      must(this.refused.get() == refused, "so many were refused: " + this.refused);
      must(admission.connections() == 0, "so many have permits: " + admission.connections());
      must(admission.knownSources() == 0, "so many sources are known: " + admission.knownSources());
    }
  }

  /** Three for one permit. */
  static final class OnePermit extends Admitting {
    OnePermit() {
      super(AdmissionRules.DEFAULT.maxConnections(1));
    }

    @Override
    protected void prepare() throws IOException {
      acceptor();
      acceptor();
      acceptor();
    }

    @Override
    protected void check() {
      mustBe(1, 3, 0);
    }
  }

  /** Two for the one permit of their source: who comes too early is refused. */
  static final class OneOfASource extends Admitting {
    OneOfASource() {
      super(AdmissionRules.DEFAULT.maxPerSource(1));
    }

    @Override
    protected void prepare() throws IOException {
      acceptor();
      acceptor();
    }

    @Override
    protected void check() {
      mustBe(1, 2 - refused.get(), refused.get());
    }
  }

  /** The rules, which begin to count sources, change while one comes and goes. */
  static final class Change extends Admitting {
    Change() {
      super(AdmissionRules.DEFAULT.maxConnections(1));
    }

    @Override
    protected void prepare() throws IOException {
      SocketConnection before = connection();
      thread(() -> {
        must(admission.awaitTurn(listener), "it is closed");
        if (admission.admit(before, listener) instanceof Admission.Verdict.Admitted) {
          home.registry().add(before);
          admission.registered(before);
          home.registry().remove(before);
          admission.release(before, listener);
        }
      });
      thread(() -> admission.change(AdmissionRules.DEFAULT.maxConnections(2).maxPerSource(5)));
      acceptor();
    }

    @Override
    protected void check() {
      mustBe(2, 1, 0);
    }
  }

  /**
   * One waits for a permit that nobody gives back, and the limit is lifted, or the listener closes.
   */
  private abstract static class InVain extends Admitting {
    InVain() {
      super(AdmissionRules.DEFAULT.maxConnections(1));
    }

    final SocketConnection holder() throws IOException {
      try {
        SocketConnection holder = connection();
        Admission.Verdict verdict = admission.admit(holder, listener);
        must(verdict instanceof Admission.Verdict.Admitted, "nobody is there: " + verdict);
        return holder;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  static final class Lifted extends InVain {
    @Override
    protected void prepare() throws IOException {
      holder();
      acceptor();
      thread(() -> admission.change(AdmissionRules.DEFAULT.maxConnections(2)));
    }

    @Override
    protected void check() {
      must(admitted.get() == 1, "nobody was admitted");
      must(admission.connections() == 1, "so many have permits: " + admission.connections());
    }
  }

  static final class Closed extends InVain {
    @Override
    protected void prepare() throws IOException {
      holder();
      acceptor();
      thread(() -> admission.close(listener));
    }

    @Override
    protected void check() {
      must(closed.get() == 1, "it has not heard of the close");
    }
  }

  /** All wait until it is resumed. */
  static final class Suspended extends Admitting {
    Suspended() {
      super(AdmissionRules.DEFAULT);
    }

    @Override
    protected void prepare() throws IOException {
      admission.suspend(true);
      acceptor();
      acceptor();
      thread(() -> admission.suspend(false));
    }

    @Override
    protected void check() {
      mustBe(2, 2, 0);
    }
  }

  /** Somebody waits until nobody is left. */
  static final class Awaited extends Admitting {
    private boolean none;

    Awaited() {
      super(AdmissionRules.DEFAULT);
    }

    @Override
    protected void prepare() throws IOException {
      acceptor();
      acceptor();
      thread(() -> none = admission.awaitConnections(0, Long.MAX_VALUE));
    }

    @Override
    protected void check() {
      must(none, "it has not seen that nobody is left");
      mustBe(2, 2, 0);
    }
  }

  @Test
  void neverAreMoreThanThePermits() {
    Interleavings.explore(OnePermit.class);
    Interleavings.explore(OneOfASource.class);
  }

  @Test
  void aChangeOfTheRulesCountsEachOnce() {
    Interleavings.explore(Change.class);
  }

  @Test
  void whoWaitsHearsOfWhateverChanges() {
    Interleavings.explore(Lifted.class);
    Interleavings.explore(Closed.class);
    Interleavings.explore(Suspended.class);
    Interleavings.explore(Awaited.class);
  }

  @Test
  void permitsThatAreTakenWithoutTheLockAreFound() {
    Interleavings.finds(
        OnePermit.class, Twin.without("Admission", "admit", "lockInterruptibly", "unlock"));
  }

  @Test
  void aPermitThatIsGivenBackInSilenceIsFound() {
    Interleavings.finds(OnePermit.class, Twin.without("Admission", "release", "signalAll"));
  }

  @Test
  void aPermitOfASourceThatIsKeptIsFound() {
    Interleavings.finds(OneOfASource.class, Twin.without("SourcePermits", "release", "remove"));
  }

  @Test
  void aChangeInSilenceIsFound() {
    Interleavings.finds(Lifted.class, Twin.without("Admission", "apply", "signalAll"));
    Interleavings.finds(Closed.class, Twin.without("Admission", "close", "signalAll"));
    Interleavings.finds(Suspended.class, Twin.without("Admission", "suspend", "signalAll"));
  }
}
