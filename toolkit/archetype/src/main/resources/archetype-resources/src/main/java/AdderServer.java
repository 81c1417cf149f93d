package ${package};

import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admin.Admin;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.time.Duration;
import java.util.List;

/** The program: where it listens, its limits, and what operators see of it. */
public final class AdderServer {
  /** More wait in the kernel's queue until there is room. Each is a descriptor of the process. */
  static final int MOST_CONNECTIONS = 10_000;

  static final TimeLimits LIMITS =
      TimeLimits.DEFAULT
          .firstByte(Duration.ofSeconds(10)) // from the connect on
          .message(Duration.ofSeconds(5)) // for a request, from its first byte to its last
          .idle(Duration.ofMinutes(5)) // between two requests
          .writeStall(Duration.ofSeconds(30)); // for a client that does not read

  /**
   * How long a drain may take. Whoever kills the process waits ten seconds longer: TimeoutStopSec
   * of systemd, terminationGracePeriodSeconds of Kubernetes, and the -t of podman stop.
   */
  static final Duration DRAIN = Duration.ofSeconds(20);

  private AdderServer() {}

  /** Serves at port 7000, or at the place in the argument; "train" makes the AOT cache instead. */
  public static void main(String[] args) throws Exception {
    if (List.of(args).equals(List.of("train"))) {
      Training.run();
      return;
    }
    Server.serve(
        args,
        List.of(),
        Listen.tcp(7000).maxConnections(MOST_CONNECTIONS),
        (_, listen) -> builder(listen, admin(System.getenv("ADMIN"))));
  }

  /** All of the server but the places. */
  static ServerBuilder builder(Listen listen, Admin admin) {
    return admin.addTo(
        Server.builder().listen(listen, new Adder()).timeLimits(LIMITS).drainTimeout(DRAIN));
  }

  /**
   * Whoever reaches this listener may look at the connections and drain the server. So it is for
   * this machine alone, unless the environment names another place: that of a container does, since
   * probes come from outside of it.
   */
  static Admin admin(String place) {
    return place == null
        ? Admin.listen(Listen.tcp("127.0.0.1", 9900))
        : Admin.listen(Listen.parse(place)).anywhere();
  }
}
