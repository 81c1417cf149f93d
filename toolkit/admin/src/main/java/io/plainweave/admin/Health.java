package io.plainweave.admin;

import io.plainweave.server.Server;
import io.plainweave.server.ServerState;
import java.util.Optional;

/** What the probes of a load balancer or of Kubernetes are told. */
record Health(Server server, Liveness liveness) {
  /** Why a restart would help; empty if the server lives. */
  Optional<String> notLive() {
    return liveness.trouble();
  }

  /** Why no new connections should come; empty if they may. */
  Optional<String> notReady() {
    if (server.state() != ServerState.RUNNING) {
      return Optional.of("the server is " + Shown.word(server.state()));
    }
    return server.isSuspended() ? Optional.of("the server is suspended") : notLive();
  }
}
