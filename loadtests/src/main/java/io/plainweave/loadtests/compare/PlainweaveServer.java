package io.plainweave.loadtests.compare;

import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.event.ServerEvent;
import io.plainweave.loadtests.tls.ServerIdentity;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The toolkit as it stands in the comparison: an echo through its public API; it ends with its
 * stdin.
 */
@Command(name = "PlainweaveServer", description = "Runs the toolkit's server of a comparison.")
public final class PlainweaveServer implements Callable<Integer> {
  /** Runs it and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new PlainweaveServer()).execute(args));
  }

  private static final int MOST_CONNECTIONS = 100_000;

  @Parameters(index = "0", paramLabel = "PORT", description = "The port; 0 takes a free one.")
  private int port;

  @Option(names = "--bare", description = "Without time limits, connection limit and observer.")
  private boolean bare;

  @Option(names = "--loops", description = "On that many event loops; 0 is the JDK's scheduler.")
  private int loops;

  @Option(names = "--tls", description = "A PKCS#12 file: speaks TLS with what is in it.")
  private Path identity;

  PlainweaveServer() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    TcpListen listen = Listen.tcp(port);
    if (identity != null) {
      char[] password = ServerIdentity.PASSWORD.toCharArray();
      listen =
          listen.tls(ServerTls.builder().identity(Identity.pkcs12(identity, password)).build());
    }
    ServerBuilder builder =
        Server.builder()
            .listen(listen)
            .eventLoops(loops)
            .handler(connection -> connection.input().transferTo(connection.output()));
    if (bare) {
      builder.timeLimits(TimeLimits.NONE);
    } else {
      LongAdder open = new LongAdder();
      builder
          .admission(AdmissionRules.DEFAULT.maxConnections(MOST_CONNECTIONS))
          .observer(event -> {
            switch (event) {
              case ServerEvent.ConnectionOpened _ -> open.increment();
              case ServerEvent.ConnectionClosed _ -> open.decrement();
              default -> {}
            }
          });
    }
    Server server = builder.start();
    System.out.println("listening on port " + server.port());
    while (System.in.read() >= 0) {}
    // Nobody waits for a drain here.
    Runtime.getRuntime().halt(0);
    return 0;
  }
}
