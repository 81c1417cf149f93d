package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.List;

/** A closed loop over connections that are open already, and stay so. */
public final class EstablishedLoop extends ClosedLoop {
  /**
   * What came of it.
   *
   * @param load what was found while it was measured
   * @param exchanged all messages, those of the warm-up and of the end among them
   */
  public record Outcome(LoadResult load, long exchanged) {}

  private long exchanged;

  private EstablishedLoop(LoadOrder order) throws IOException {
    super(order);
  }

  /**
   * Keeps a message in flight on each connection.
   *
   * @param connections which nobody else uses meanwhile, in non-blocking mode
   * @param bytes of a message
   * @param warmUpMillis for how long to run before what is measured
   * @param millis for how long to measure
   * @param server its processes, whose processor time is measured
   */
  public static Outcome run(
      List<SocketChannel> connections, int bytes, long warmUpMillis, long millis, List<Long> server)
      throws IOException {
    LoadOrder order =
        new LoadOrder(
            Work.Kind.CLOSED_LOOP,
            0,
            Protocol.ECHO,
            connections.size(),
            bytes,
            1,
            0,
            warmUpMillis,
            millis,
            server);
    try (EstablishedLoop loop = new EstablishedLoop(order)) {
      for (SocketChannel connection : connections) {
        loop.register(loop.add(new PlainTransport(connection)));
      }
      Window window = new Window(order);
      loop.run(window);
      LoadResult load =
          loop.messages() == 0
              ? LoadResult.failed("nothing was answered while it was measured")
              : LoadResult.of(window, loop.messages(), loop.latencies(), 0);
      return new Outcome(load, loop.exchanged);
    }
  }

  @Override
  void answered(State state, long now) throws IOException {
    exchanged++;
    super.answered(state, now);
  }

  /** The connections stay. */
  @Override
  public void close() throws IOException {
    selector.close();
  }
}
