package io.plainweave.loadtests.havoc;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.process.AskedProcess;
import io.plainweave.loadtests.tls.AnyServer;
import io.plainweave.loadtests.tls.ServerIdentity;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.SSLSocket;

/** Deals the blows that are aimed at nobody, one after another. For one thread. */
final class Unaimed implements Runnable {
  private static final Duration TO_ANSWER = Duration.ofSeconds(60);
  private static final int MOST_PAUSE_MILLIS = 800;
  private static final int MOST_SILENT = 20;
  private static final int ROOM = 20;
  private static final long CROWD_NUMBERS = 1_000_000_000L;
  private static final String[] ACCEPT_ERRORS = {"ENOBUFS", "ECONNABORTED", "EMFILE", "EPROTO"};

  private final AskedProcess server;
  private final Place place;
  private final Customers customers;
  private final BlowCounts counts;
  private final List<ServerIdentity> identities;
  private final Random random;
  private final List<Blow> blows = new ArrayList<>();
  private final Deque<Wire> silent = new ArrayDeque<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final long seed;
  private Crowd crowd;
  private int crowds;
  private int files;
  private int identity;
  private volatile boolean over;

  /**
   * Makes one, with its crowd of clients.
   *
   * @param missing blows that cannot be dealt, or not to this server
   */
  Unaimed(
      AskedProcess server,
      Place place,
      Customers customers,
      BlowCounts counts,
      List<ServerIdentity> identities,
      Map<Blow, String> missing,
      long seed)
      throws IOException, InterruptedException {
    this.server = server;
    this.place = place;
    this.customers = customers;
    this.counts = counts;
    this.identities = identities;
    this.seed = seed;
    random = new Random(seed);
    for (Blow blow : Blow.values()) {
      if (!blow.isAimed() && !missing.containsKey(blow)) {
        blows.add(blow);
      }
    }
    startCrowd();
  }

  private void startCrowd() throws IOException, InterruptedException {
    crowds++;
    crowd =
        Crowd.start(
            place,
            seed + crowds,
            crowds * CROWD_NUMBERS,
            place.folder().resolve("crowd-" + crowds + ".log"));
  }

  /** Lets it end: it is not interrupted, since an answer of the server may be due. */
  void end() {
    over = true;
  }

  @Override
  public void run() {
    try {
      while (!over && !blows.isEmpty()) {
        Thread.sleep(1 + random.nextInt(MOST_PAUSE_MILLIS));
        deal(blows.get(random.nextInt(blows.size())));
      }
    } catch (InterruptedException e) {
      throw new AssertionError("nobody has this thread to interrupt it", e);
    } catch (IOException | RunFailed e) {
      wrong.add("a blow could not be dealt: " + e);
    }
  }

  private void deal(Blow blow) throws IOException, InterruptedException {
    switch (blow) {
      case RESET_OUTBOUND -> resetOutbound();
      case SILENT_PEER -> silentPeer();
      case STOP_CLIENTS -> stopClients();
      case KILL_CLIENTS -> {
        counts.deals(blow, "process " + crowd.pid());
        crowd.close();
        startCrowd();
        counts.came(blow, "replaced by another");
      }
      case STOP_SERVER -> stopServer();
      case TAKE_DESCRIPTORS -> takeDescriptors();
      case FAIL_ACCEPTS -> failAccepts();
      case FILL_DISK -> fillDisk();
      case MOVE_CLOCK -> moveClock();
      case SWAP_CERTIFICATE -> swapCertificate();
      case LOSE_LISTENER -> loseListener();
      default -> throw new IllegalArgumentException(blow.name());
    }
  }

  private void resetOutbound() throws IOException, InterruptedException {
    Window window = customers.open(new Window(false, Work::isRelayed));
    counts.deals(Blow.RESET_OUTBOUND, "whichever is the first");
    counts.came(
        Blow.RESET_OUTBOUND,
        server.ask("outbound", TO_ANSWER).equals("done") ? "reset" : "found none");
    window.close();
  }

  private void silentPeer() throws IOException {
    int kind = random.nextInt(4);
    counts.deals(Blow.SILENT_PEER, "of kind " + kind);
    try {
      Wire wire = Wire.tcp(kind == 2 ? place.tlsPort() : place.port());
      silent.add(wire);
      OutputStream output = wire.output();
      switch (kind) {
        case 0 -> {} // says nothing
        case 1 -> output.write(new byte[] {'f', 0, 100, 1, 2, 3});
        case 2 -> output.write(new byte[] {22, 3, 1, 2, 0, 1});
        default ->
            output.write(
                ByteBuffer.allocate(1 + Bytes.HEAD)
                    .put((byte) 'p')
                    .putLong(kind)
                    .putInt(Integer.MAX_VALUE)
                    .array());
      }
      counts.came(Blow.SILENT_PEER, "left to the time limits");
    } catch (IOException e) {
      counts.came(Blow.SILENT_PEER, "not served at all");
    }
    if (silent.size() > MOST_SILENT) {
      silent.remove().close();
    }
  }

  private void stopClients() throws InterruptedException {
    int millis = 100 + random.nextInt(2_900);
    counts.deals(Blow.STOP_CLIENTS, "process " + crowd.pid() + " for " + millis + " ms");
    Means.signal("STOP", crowd.pid());
    Thread.sleep(millis);
    Means.signal("CONT", crowd.pid());
    counts.came(Blow.STOP_CLIENTS, "gone on with");
  }

  private void stopServer() throws InterruptedException {
    int millis = 100 + random.nextInt(700);
    counts.deals(Blow.STOP_SERVER, "for " + millis + " ms");
    Means.signal("STOP", server.pid());
    Thread.sleep(millis);
    Means.signal("CONT", server.pid());
    counts.came(Blow.STOP_SERVER, "gone on with");
  }

  private void takeDescriptors() throws IOException, InterruptedException {
    int millis = 100 + random.nextInt(1_400);
    Window window = customers.open(new Window(false, Work::isRelayed));
    counts.deals(Blow.TAKE_DESCRIPTORS, "for " + millis + " ms");
    long before = count("acceptFailed");
    // None that is open may be above the limit: the JDK would fail to close it.
    long limited = Means.highestDescriptor(server.pid()) + ROOM;
    String limit = Means.limitDescriptors(server.pid(), Long.toString(limited));
    counts.note("  " + server.ask("take", TO_ANSWER));
    Thread.sleep(millis);
    server.ask("give", TO_ANSWER);
    Means.limitDescriptors(server.pid(), limit);
    window.close();
    counts.came(
        Blow.TAKE_DESCRIPTORS,
        count("acceptFailed") > before ? "seen by an acceptor" : "over before anybody came");
  }

  private void failAccepts() throws IOException, InterruptedException {
    String error = ACCEPT_ERRORS[random.nextInt(ACCEPT_ERRORS.length)];
    counts.deals(Blow.FAIL_ACCEPTS, "with " + error);
    long before = count("acceptFailed");
    if (Means.failAccepts(server.pid(), error, 1)) {
      long failed = count("acceptFailed") - before;
      counts.note("  " + failed + " failed");
      counts.came(
          Blow.FAIL_ACCEPTS, failed > 0 ? "seen by an acceptor" : "over before anybody came");
    } else {
      counts.came(Blow.FAIL_ACCEPTS, "not possible");
    }
  }

  private long count(String name) throws IOException, InterruptedException {
    return BaseInvariant.counts(server.ask("counts", TO_ANSWER)).getOrDefault(name, 0L);
  }

  private void fillDisk() throws IOException, InterruptedException {
    Path disk = place.folder().resolve("disk");
    Path traceFile = disk.resolve("trace-" + ++files);
    Path filler = disk.resolve("filler");
    counts.deals(Blow.FILL_DISK, "with a trace in " + traceFile.getFileName());
    String begun = server.ask("trace " + traceFile, TO_ANSWER);
    try (OutputStream fill = Files.newOutputStream(filler)) {
      byte[] block = new byte[64 << 10];
      while (true) {
        fill.write(block);
      }
    } catch (IOException full) {
      // That is the blow.
    }
    Thread.sleep(1_000);
    String end = begun.equals("begun") ? server.ask("traced", TO_ANSWER) : begun;
    Files.delete(filler);
    Files.deleteIfExists(traceFile);
    counts.came(Blow.FILL_DISK, "traces ended with " + end);
  }

  private void moveClock() throws IOException {
    int seconds = random.nextInt(4 * 86_400) - 2 * 86_400;
    counts.deals(Blow.MOVE_CLOCK, "to " + seconds + " s from now");
    Path clock = place.folder().resolve("clock");
    Path next = place.folder().resolve("clock.next");
    Files.writeString(next, "%+d".formatted(seconds));
    Files.move(next, clock, StandardCopyOption.ATOMIC_MOVE);
    counts.came(Blow.MOVE_CLOCK, "moved");
  }

  private void swapCertificate() throws IOException, InterruptedException {
    identity = (identity + 1) % identities.size();
    ServerIdentity now = identities.get(identity);
    counts.deals(Blow.SWAP_CERTIFICATE, "by number " + identity);
    Path next = place.folder().resolve("identity.next");
    Files.copy(now.store(), next, StandardCopyOption.REPLACE_EXISTING);
    Files.move(next, place.folder().resolve("identity.p12"), StandardCopyOption.ATOMIC_MOVE);
    String reloaded = server.ask("reload", TO_ANSWER);
    if (!reloaded.equals("reloaded")) {
      wrong.add("the certificate could not be reloaded: " + reloaded);
      return;
    }
    try (SSLSocket socket = (SSLSocket) AnyServer.context().getSocketFactory().createSocket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), place.tlsPort()));
      socket.startHandshake();
      Certificate shown = socket.getSession().getPeerCertificates()[0];
      if (now.certifies(shown)) {
        counts.came(Blow.SWAP_CERTIFICATE, "shown to the next client");
      } else {
        wrong.add("the certificate that was reloaded is not shown");
      }
    } catch (IOException e) {
      wrong.add("nobody is served after the certificate was reloaded: " + e);
    }
  }

  private void loseListener() throws IOException, InterruptedException {
    Window begun = customers.open(new Window(true, Work::isTcp));
    Window relayed = customers.open(new Window(false, Work::isRelayed));
    counts.deals(Blow.LOSE_LISTENER, "at " + place.port());
    long before = count("listenerRestored");
    Means.run("ss", "-t", "-K", "-H", "state", "listening", "sport", "=", ":" + place.port());
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (count("listenerRestored") == before && System.nanoTime() - deadline < 0) {
      Thread.sleep(20);
    }
    if (count("listenerRestored") > before) {
      counts.came(Blow.LOSE_LISTENER, "bound again");
    } else {
      wrong.add("the listener was not bound again");
    }
    begun.close();
    relayed.close();
  }

  /** Lets its clients end, but for the silent ones; returns what was wrong. */
  Queue<String> leave(Duration patience) throws IOException, InterruptedException {
    try {
      String ofCrowd = crowd.end(patience);
      if (!ofCrowd.isEmpty()) {
        wrong.add("in a process that is stopped now and then: " + ofCrowd);
      }
    } catch (RunFailed e) {
      wrong.add("the process with clients: " + e.getMessage());
    }
    crowd.close();
    return wrong;
  }

  /** Closes the silent ones, which should have been cut. */
  void closeSilent() throws IOException {
    for (Wire wire : silent) {
      wire.close();
    }
    silent.clear();
  }
}
