package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.control.Target;
import io.plainweave.loadtests.machine.SelfConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One connection to each target, opened and closed before a run sends all its own there: thousands
 * that fail would say no more, and later.
 */
final class Probe {
  /** A SYN that got lost is sent again after 1 s and after 3 s. */
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private Probe() {}

  /**
   * Reaches all targets, at the same time.
   *
   * @return the targets by address, so that a name is looked up once in a run
   * @throws RunFailed if one of them is not there
   */
  static List<Target> reach(List<Target> targets) throws InterruptedException {
    Map<Target, FutureTask<Target>> probes = new LinkedHashMap<>();
    for (Target target : targets) {
      FutureTask<Target> probe = new FutureTask<>(() -> connect(target));
      probes.put(target, probe);
      // A daemon: the lookup of a name has no limit of its own and cannot be interrupted.
      Thread.ofPlatform().daemon().name("probe " + target).start(probe);
    }
    long deadline = System.nanoTime() + LIMIT.toNanos();
    List<Target> reached = new ArrayList<>();
    for (Map.Entry<Target, FutureTask<Target>> probe : probes.entrySet()) {
      reached.add(await(probe.getKey(), probe.getValue(), deadline));
    }
    return reached;
  }

  private static Target connect(Target target) throws IOException {
    InetAddress address = InetAddress.getByName(target.host());
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, target.port()), (int) LIMIT.toMillis());
      SelfConnection.refuse(socket);
    }
    return new Target(address.getHostAddress(), target.port());
  }

  private static Target await(Target target, FutureTask<Target> probe, long deadline)
      throws InterruptedException {
    try {
      return probe.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw unreachable(target, "no answer within " + LIMIT.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      String reason =
          switch (e.getCause()) {
            case UnknownHostException _ -> "there is no address of that name";
            case SocketTimeoutException _ -> "no answer within " + LIMIT.toSeconds() + " s";
            case Throwable other -> other.getMessage();
          };
      throw unreachable(target, reason, e);
    }
  }

  private static RunFailed unreachable(Target target, String reason, Throwable cause) {
    return new RunFailed("cannot connect to the target " + target + ": " + reason, cause);
  }
}
