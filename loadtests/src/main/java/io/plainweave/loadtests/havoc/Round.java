package io.plainweave.loadtests.havoc;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.process.AskedProcess;
import io.plainweave.loadtests.tls.ServerIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One server, from its start to its drain. */
final class Round implements AutoCloseable {
  private static final Duration TO_ANSWER = Duration.ofSeconds(90);
  private static final int READ_MILLIS = 60_000;
  private static final Duration QUIET = Duration.ofSeconds(2);
  private static final int IN_THE_DRAIN = 20;

  private final Place place;
  private final Plan plan;
  private final BlowCounts counts;
  private final Map<Blow, String> missing;
  private final boolean disk;
  private final AskedProcess server;
  private final List<ServerIdentity> identities;
  private final List<String> wrong = new ArrayList<>();
  private final Customers customers;
  private Map<String, Long> told = Map.of();

  /**
   * What a round is to be.
   *
   * @param number from 1 on
   * @param kind of the server
   * @param blows for how long blows are dealt
   * @param patience how long clients may take to leave, and the server to be as before
   * @param seed of this round
   * @param customers how many there are in this process
   */
  record Plan(
      int number,
      Kind kind,
      Duration blows,
      Duration patience,
      long seed,
      int customers,
      Defect defect) {}

  /** A kind of server. */
  enum Kind {
    LOOPS(2, false),
    SCHEDULER(0, false),
    CLOCK(2, true);

    private final int loops;
    private final boolean clock;

    Kind(int loops, boolean clock) {
      this.loops = loops;
      this.clock = clock;
    }
  }

  /** Starts its server. */
  Round(
      Place place,
      Plan plan,
      BlowCounts counts,
      List<ServerIdentity> identities,
      Map<Blow, String> cannot)
      throws IOException, InterruptedException {
    this.place = place;
    this.plan = plan;
    this.counts = counts;
    missing = new EnumMap<>(Blow.class);
    missing.putAll(cannot);
    if (!plan.kind.clock) {
      missing.put(Blow.MOVE_CLOCK, "its clock is that of the machine");
    }
    Path folder = place.folder();
    Path mounted = Files.createDirectories(folder.resolve("disk"));
    disk = !missing.containsKey(Blow.FILL_DISK) && Means.mount(mounted);
    if (!disk) {
      missing.put(Blow.FILL_DISK, "no tmpfs can be mounted");
    }
    Files.copy(
        identities.getFirst().store(),
        folder.resolve("identity.p12"),
        StandardCopyOption.REPLACE_EXISTING);
    server =
        AskedProcess.start(
            List.of(),
            List.of("-XX:+UseSerialGC", "-Xmx256m"),
            HavocServer.class,
            List.of(
                Integer.toString(plan.kind.loops),
                folder.toString(),
                plan.defect.name(),
                Integer.toString(place.port())),
            environment(),
            mounted.resolve("server.log"));
    customers = new Customers(place, plan.seed, plan.number * 10_000_000L, counts);
    this.identities = identities;
  }

  private Map<String, String> environment() throws IOException {
    Map<String, String> environment = new HashMap<>();
    if (plan.kind.clock && Means.fakeTime().isPresent()) {
      environment.put("LD_PRELOAD", Means.fakeTime().get().toString());
      environment.put(
          "FAKETIME_TIMESTAMP_FILE",
          Files.writeString(place.folder().resolve("clock"), "+0").toString());
      environment.put("FAKETIME_CACHE_DURATION", "1");
      environment.put("DONT_FAKE_MONOTONIC", "1");
    }
    return environment;
  }

  /** Runs it; what was wrong is in {@link #wrong()}. */
  void run() throws IOException, InterruptedException {
    if (!server.answer(TO_ANSWER).equals("listens")) {
      throw new RunFailed("because the server does not listen");
    }
    openAsManyAsMay(); // what a connection loads once is there
    BaseInvariant invariant = settled();
    customers.begin(plan.customers);
    Thread.sleep(Math.min(QUIET.toMillis(), plan.blows.toMillis()));
    try {
      beSubjectToHavoc(invariant);
    } finally {
      wrong.addAll(customers.wrong());
    }
  }

  private void beSubjectToHavoc(BaseInvariant invariant) throws IOException, InterruptedException {
    var unaimed = new Unaimed(server, place, customers, counts, identities, missing, plan.seed + 1);
    var aimed = new Aimed(server, customers, counts, missing, plan.seed + 2);
    Thread first = Thread.ofPlatform().name("aimed").start(aimed);
    Thread second = Thread.ofPlatform().name("unaimed").start(unaimed);
    Thread.sleep(plan.blows);
    aimed.end();
    unaimed.end();
    first.join();
    second.join();
    counts.note("round " + plan.number + " is quiet");
    customers.end(plan.patience);
    counts.note("the good clients have left");
    wrong.addAll(unaimed.leave(plan.patience));
    counts.note("the others have left");
    server.ask("closePool", TO_ANSWER);
    wrong.addAll(invariant.await(plan.patience));
    counts.note("what is left: " + (wrong.isEmpty() ? "nothing" : wrong));
    unaimed.closeSilent();
    openAsManyAsMay();
    wrong.addAll(invariant.await(plan.patience));
    told = BaseInvariant.counts(server.ask("counts", TO_ANSWER));
    drain();
  }

  private BaseInvariant settled() throws IOException, InterruptedException {
    while (!BaseInvariant.counts(server.ask("counts", TO_ANSWER)).get("connections").equals(0L)) {
      Thread.sleep(20);
    }
    return BaseInvariant.before(server);
  }

  /** All at once, each with a message: no permit is lost. */
  private void openAsManyAsMay() throws IOException {
    List<Wire> all = new ArrayList<>();
    try {
      for (int i = 0; i < HavocServer.PERMITS; i++) {
        all.add(exchanged());
      }
      for (Wire wire : all) {
        wire.finish();
        if (wire.input().read() >= 0) {
          wrong.add("more bytes than were asked for");
        }
      }
    } catch (IOException e) {
      wrong.add(
          "only %,d of %,d are served at once: %s".formatted(all.size(), HavocServer.PERMITS, e));
    } finally {
      for (Wire wire : all) {
        wire.close();
      }
    }
  }

  private Wire exchanged() throws IOException {
    Wire wire = Wire.tcp(place.port());
    wire.timeout(READ_MILLIS);
    wire.output().write(new byte[] {'e', '?'});
    if (wire.input().read() != '?') {
      wire.close();
      throw new IOException("not served");
    }
    return wire;
  }

  /** With idle clients, each of which has to see the end of its stream. */
  private void drain() throws IOException, InterruptedException {
    List<Wire> idle = new ArrayList<>();
    for (int i = 0; i < IN_THE_DRAIN; i++) {
      idle.add(exchanged());
    }
    Thread reader =
        Thread.ofVirtual()
            .start(() -> {
              for (Wire wire : idle) {
                try (wire) {
                  if (wire.input().read() >= 0) {
                    tell("a byte in the drain");
                  }
                } catch (IOException e) {
                  tell("an idle client in the drain: " + e);
                }
              }
            });
    Map<String, Long> report = BaseInvariant.counts(server.ask("drain", TO_ANSWER));
    reader.join();
    if (report.get("forced") != 0
        || report.get("survivors") != 0
        || report.get("finished") != IN_THE_DRAIN
        || report.get("millis") > HavocServer.DRAIN.toMillis()) {
      tell("the drain: " + report);
    }
    counts.note("round " + plan.number + " has drained: " + report);
  }

  private synchronized void tell(String what) {
    wrong.add(what);
  }

  List<String> wrong() {
    return wrong;
  }

  Customers customers() {
    return customers;
  }

  /** What the server has counted. */
  Map<String, Long> told() {
    return told;
  }

  /** Ends its processes; keeps the log of the server in the folder if something was wrong. */
  @Override
  public void close() throws IOException {
    server.close();
    Path log = place.folder().resolve("disk/server.log");
    if (Files.exists(log) && !wrong.isEmpty()) {
      Files.copy(
          log,
          place.folder().resolve("server-" + plan.number + ".log"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    if (disk) {
      Means.unmount(place.folder().resolve("disk"));
    } else {
      Files.deleteIfExists(log);
    }
  }
}
