package io.plainweave.loadtests.havoc;

import io.plainweave.loadtests.process.AskedProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Clients in a process of their own, which is stopped and killed. So a connection of theirs may end
 * anyhow, but until then they get no wrong byte.
 */
final class Crowd implements AutoCloseable {
  private static final int CUSTOMERS = 8;
  private static final Duration TO_BEGIN = Duration.ofSeconds(60);

  private final AskedProcess process;

  private Crowd(AskedProcess process) {
    this.process = process;
  }

  /**
   * Starts one.
   *
   * @param first the number of its first conversation
   */
  static Crowd start(Place place, long seed, long first, Path log)
      throws IOException, InterruptedException {
    var crowd =
        new Crowd(
            AskedProcess.start(
                List.of(),
                List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m"),
                Crowd.class,
                List.of(
                    Integer.toString(place.port()),
                    place.folder().toString(),
                    Long.toString(seed),
                    Long.toString(first)),
                Map.of(),
                log));
    crowd.process.answer(TO_BEGIN);
    return crowd;
  }

  long pid() {
    return process.pid();
  }

  /** Lets them end their conversations; returns what was wrong with them, or nothing. */
  String end(Duration patience) throws IOException, InterruptedException {
    return process.ask("end " + patience.toMillis(), patience.plus(TO_BEGIN)).strip();
  }

  @Override
  public void close() {
    process.close();
  }

  /** The program: port, folder, seed, number of the first conversation. */
  public static void main(String[] args) throws Exception {
    var place = new Place(Integer.parseInt(args[0]), Path.of(args[1]));
    try (var nobody = new BlowCounts(Path.of("/dev/null"))) {
      var customers =
          new Customers(place, Long.parseLong(args[2]), Long.parseLong(args[3]), nobody);
      customers.open(new Window(false, _ -> true));
      customers.begin(CUSTOMERS);
      System.out.println("begun");
      var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      String line = lines.readLine();
      if (line != null) {
        customers.end(Duration.ofMillis(Long.parseLong(line.split(" ")[1])));
        System.out.println(" " + String.join(" | ", customers.wrong()).replace('\n', ' '));
        lines.readLine();
      }
    }
    Runtime.getRuntime().halt(0);
  }
}
