package ${package};

import io.plainweave.Connection;
import io.plainweave.Handler;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Adds up what all clients send. */
final class Adder implements Handler {
  private static final Logger LOG = LoggerFactory.getLogger(Adder.class);

  /** All connections share it. */
  private final AtomicLong sum = new AtomicLong();

  /** Runs once for each connection, on a virtual thread of its own: it may block as it likes. */
  @Override
  public void handle(Connection connection) throws IOException {
    var requests = new Request.Codec(connection);
    for (Request request; (request = requests.read()) != null; ) {
      switch (request) {
        case Request.Add(int amount) -> {
          requests.answer(sum.addAndGet(amount));
          LOG.debug("has added {}", amount);
        }
        case Request.Total() -> requests.answer(sum.get());
        case Request.Unknown(_) -> requests.refuse("ADD NUMBER or TOTAL");
      }
    }
  }
}
