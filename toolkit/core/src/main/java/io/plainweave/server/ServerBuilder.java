package io.plainweave.server;

import io.plainweave.BackgroundTask;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.context.ForkContext;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.Descriptors;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.HandshakeRunner;
import io.plainweave.internal.connection.HandshakeTurns;
import io.plainweave.internal.connection.TimeCheck;
import io.plainweave.internal.figures.ConnectionCounts;
import io.plainweave.internal.recording.Recording;
import io.plainweave.internal.socket.Surroundings;
import io.plainweave.internal.thread.JdkCheck;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.trace.Traces;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.DirectMemory;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.internal.udp.DatagramRegistry;
import io.plainweave.internal.udp.DatagramService;
import io.plainweave.udp.DatagramHandler;
import io.plainweave.udp.SessionHandler;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Collects what makes a {@link Server}. A listener and a handler are needed, or a place for
 * datagrams; all else has a default.
 *
 * <p>Values are checked at once, and the message of the exception holds the value. A builder is for
 * one thread; it may build several servers.
 */
public final class ServerBuilder {
  private final List<Entry> entries = new ArrayList<>();
  private final List<DatagramService.Place> datagrams = new ArrayList<>();
  private final Map<String, BackgroundTask> background = new LinkedHashMap<>();
  private @Nullable Handler handler;
  private AdmissionRules admission = AdmissionRules.DEFAULT;
  private int maxHandshakes = 1_000;
  private Duration drainTimeout = Duration.ofSeconds(30);
  private Duration drainDelay = Duration.ZERO;
  private Duration drainSpread = Duration.ZERO;
  private boolean stopOnSignal = true;
  private @Nullable ForkContext forkContext;
  private TimeLimits timeLimits = TimeLimits.DEFAULT;
  private int eventLoops = Pollers.AUTOMATIC;
  private int maxCarriers = 4 * Runtime.getRuntime().availableProcessors();
  private final List<ServerObserver> observers = new ArrayList<>();

  /** A listener, with what makes its handler; that gives none where none was set. */
  private record Entry(Listen listen, Function<Server, ? extends @Nullable Handler> handler) {}

  ServerBuilder() {}

  /**
   * Adds a listener whose connections the common {@linkplain #handler(Handler) handler} serves. A
   * server may have several listeners: they start together or not at all.
   *
   * @param listen where to listen
   * @return this builder
   */
  public ServerBuilder listen(Listen listen) {
    return add(listen, _ -> this.handler);
  }

  /**
   * Adds a listener with a handler of its own: an admin socket beside the public port, for example.
   * For several handlers on one port there is {@link io.plainweave.protocol.Protocols}.
   *
   * @param listen where to listen
   * @param handler runs once for each connection of this listener
   * @return this builder
   */
  public ServerBuilder listen(Listen listen, Handler handler) {
    Objects.requireNonNull(handler, "handler");
    return add(listen, _ -> handler);
  }

  /**
   * Adds a listener for {@linkplain Listen#admin(boolean) administration}, whose handler is made
   * for the server that it looks after:
   *
   * {@snippet file="io/plainweave/server/AdminTest.java" region="admin"}
   *
   * @param listen where to listen; it becomes one for administration
   * @param handler makes the handler, when the server is built and before it is started
   * @return this builder
   */
  public ServerBuilder admin(Listen listen, Function<Server, Handler> handler) {
    return add(listen.admin(true), Objects.requireNonNull(handler, "handler"));
  }

  private ServerBuilder add(Listen listen, Function<Server, ? extends @Nullable Handler> handler) {
    entries.add(new Entry(Objects.requireNonNull(listen, "listen"), handler));
    return this;
  }

  /**
   * Adds a place that takes UDP datagrams, each of which is served on its own. It starts and ends
   * with the listeners; a server may have such places only.
   *
   * @param udp where, and with which limits
   * @param handler runs once for each datagram
   * @return this builder
   */
  public ServerBuilder datagrams(Udp udp, DatagramHandler handler) {
    return datagrams(udp, new DatagramService.PerDatagram(Objects.requireNonNull(handler)));
  }

  /**
   * Adds a place that takes UDP datagrams, in a session for each peer. It starts and ends with the
   * listeners; a server may have such places only. {@link TimeLimits#idle()} ends a session that
   * waits in vain; the other time limits do not apply.
   *
   * @param udp where, and with which limits
   * @param handler runs once for each peer
   * @return this builder
   */
  public ServerBuilder sessions(Udp udp, SessionHandler handler) {
    return datagrams(udp, new DatagramService.PerPeer(Objects.requireNonNull(handler)));
  }

  private ServerBuilder datagrams(Udp udp, DatagramService service) {
    datagrams.add(new DatagramService.Place(Objects.requireNonNull(udp), service));
    return this;
  }

  /**
   * Sets the code that serves the connections of all listeners without a handler of their own.
   *
   * @param handler runs once for each connection
   * @return this builder
   */
  public ServerBuilder handler(Handler handler) {
    this.handler = Objects.requireNonNull(handler, "handler");
    return this;
  }

  /**
   * Adds work of the server's own, which lives and dies with it: a tick loop, a cleaner, a cache.
   * It runs once, in a virtual thread of its own that a thread dump calls {@code plainweave
   * background NAME}.
   *
   * {@snippet file="io/plainweave/server/BackgroundTest.java" region="ticks"}
   *
   * <p><b>Beginning.</b> The threads are started when all listeners are bound, before the first
   * connection is accepted. That does not say that a task has done anything by then: what the first
   * connection needs has to be there before the start. If a listener cannot be bound, no task runs;
   * if the start fails later, tasks are interrupted and waited for.
   *
   * <p><b>End.</b> The tasks run through the drain, and {@link Server#suspend()} does not stop
   * them. When the last connection has ended, be it by itself or cancelled, they are interrupted.
   * {@link Server#close()}, and with it the end of the process by a signal, then goes on without a
   * task after a second, which at a cancellation it shares with the handlers; {@link
   * DrainReport#tasks()} and the log say at which line of code it stands. As with handlers, the
   * server does not terminate before the thread ends; nor are tasks interrupted while a handler
   * ignores its cancellation. What a task throws after the interrupt is logged at DEBUG, and no
   * failure. A task that returns before has done its work, and the server goes on.
   *
   * <p><b>Failure.</b> What a task throws while the server runs or drains ends the server as the
   * failure of a listener does, an {@link InterruptedException} and an {@link Error}, such as
   * {@link OutOfMemoryError}, included. The server drains, for no longer than {@link
   * Server#close()} would; the other tasks go on meanwhile. {@link
   * io.plainweave.event.ServerEvent.BackgroundFailed} is reported and logged, and {@link
   * Server#run()} and {@link Server#serve(ServerBuilder)} throw an {@link IOException} with the
   * first failure as its cause, and any others as suppressed by that. A loop that is to outlive a
   * failure catches it.
   *
   * <p>A task may close the server: {@link Server#close()} begins the drain and returns at once,
   * and {@link Server#shutdownNow()} cancels. Connections that it opens are reset when the server
   * is cancelled, as those of handlers are.
   *
   * @param name not blank, and that of no other task
   * @param task what to run
   * @return this builder
   * @throws IllegalArgumentException if the name is blank, or that of another task
   */
  public ServerBuilder background(String name, BackgroundTask task) {
    Objects.requireNonNull(task, "task");
    if (name.isBlank()) {
      throw new IllegalArgumentException(
          "the name of a background task must not be blank: \"" + name + "\"");
    }
    if (background.putIfAbsent(name, task) != null) {
      throw new IllegalArgumentException(
          "the name of a background task must be that of no other: \"" + name + "\"");
    }
    return this;
  }

  /**
   * Sets who is served, and how many at a time. The rules can be changed while the server runs.
   * Default: {@link AdmissionRules#DEFAULT}.
   *
   * @param admission the rules
   * @return this builder
   */
  public ServerBuilder admission(AdmissionRules admission) {
    this.admission = Objects.requireNonNull(admission, "admission");
    return this;
  }

  /**
   * Limits the connections that are in a TLS handshake at a time, between accept and handler or
   * when one begins it ({@link Connection#startTls(io.plainweave.tls.ServerTls)}): it costs more
   * than most that comes later. The others wait for their turn, while their time runs ({@link
   * TimeLimits#handshake()}), and so do peers that have not begun. While others wait, those who
   * have begun and let us wait lose their turn after a second, and with it the connection, the
   * oldest first: limit what one source may do ({@link AdmissionRules}) against more of them a
   * second than there are turns. Default: 1,000.
   *
   * @param maxHandshakes at least 1
   * @return this builder
   * @throws IllegalArgumentException if it is less than 1
   */
  public ServerBuilder maxHandshakes(int maxHandshakes) {
    if (maxHandshakes < 1) {
      throw new IllegalArgumentException("maxHandshakes must be at least 1: " + maxHandshakes);
    }
    this.maxHandshakes = maxHandshakes;
    return this;
  }

  /**
   * Sets how long {@link Server#drain()}, {@link Server#close()} and the end of the process by a
   * signal let connections finish before they cancel them. Default: 30 seconds. Zero cancels at
   * once.
   *
   * @param drainTimeout not negative
   * @return this builder
   * @throws IllegalArgumentException if it is negative
   */
  public ServerBuilder drainTimeout(Duration drainTimeout) {
    this.drainTimeout = Drain.notNegative("drainTimeout", drainTimeout);
    return this;
  }

  /**
   * Sets how long the listeners stay open when a drain has begun, so that a load balancer that asks
   * for readiness ({@link Server#state()}, {@link io.plainweave.event.ServerEvent.DrainBegan})
   * sends no more connections before they would be refused. It comes before the time to drain.
   * Default: zero.
   *
   * @param drainDelay not negative
   * @return this builder
   * @throws IllegalArgumentException if it is negative
   */
  public ServerBuilder drainDelay(Duration drainDelay) {
    this.drainDelay = Drain.notNegative("drainDelay", drainDelay);
    return this;
  }

  /**
   * Sets over how long a time the ends of waiting connections are spread in a drain, so that not
   * all their clients come back elsewhere in one moment. It is part of the time to drain, and
   * should be well below it. Default: zero, all at once.
   *
   * @param drainSpread not negative
   * @return this builder
   * @throws IllegalArgumentException if it is negative
   */
  public ServerBuilder drainSpread(Duration drainSpread) {
    this.drainSpread = Drain.notNegative("drainSpread", drainSpread);
    return this;
  }

  /**
   * Sets how long connections may take for what, unless their {@linkplain Listen#timeLimits()
   * listener} has limits of its own, or they {@linkplain Connection#changeTimeLimits(TimeLimits)
   * themselves}. They can be changed while the server runs. Default: {@link TimeLimits#DEFAULT}.
   *
   * @param timeLimits the limits
   * @return this builder
   */
  public ServerBuilder timeLimits(TimeLimits timeLimits) {
    this.timeLimits = Objects.requireNonNull(timeLimits, "timeLimits");
    return this;
  }

  /**
   * Sets on how many event loops the handlers run, those of datagrams and sessions as well. An
   * event loop runs the virtual threads of its connections, and all that these start, one after the
   * other, and waits for their sockets itself. It takes the place of the JDK's scheduler, saves the
   * way through other threads, and so makes the answer to a lonely message quicker and keeps a busy
   * connection on one core. A handler that computes, or blocks in a file or native code, keeps the
   * thread of its loop; within some 10 ms another thread goes on with the loop, of up to {@link
   * #maxCarriers(int)}. A connection stays on its loop: where few connections have most of the
   * work, the JDK's scheduler shares it better. A virtual thread that a handler starts without a
   * scope, and that outlives its server, never runs again.
   *
   * <p>It needs {@code --add-opens java.base/java.lang=io.plainweave}, or {@code =ALL-UNNAMED} if
   * the toolkit is on the class path. Without it the server uses the JDK's scheduler, and logs one
   * line if loops were asked for. Default: one for each processor where that package is open,
   * otherwise none. (The property {@code jdk.virtualThreadScheduler.parallelism} stands for the
   * number of processors, as in the JDK.)
   *
   * @param eventLoops how many; 0 for none
   * @return this builder
   * @throws IllegalArgumentException if it is negative
   */
  public ServerBuilder eventLoops(int eventLoops) {
    if (eventLoops < 0) {
      throw new IllegalArgumentException("eventLoops must not be negative: " + eventLoops);
    }
    this.eventLoops = eventLoops;
    return this;
  }

  /**
   * Sets how many threads may carry handlers. Handlers that compute, or that block in files or
   * native code, keep the thread that carries them. On {@linkplain #eventLoops(int) event loops}
   * this is how many threads the server may have for its loops, those that such handlers keep among
   * them; the number of loops if that is greater. On the JDK's scheduler it is how many carriers
   * the process may have in all: when all are kept and no virtual thread has run for 1.5 seconds,
   * the server adds one, to take it back later.
   *
   * <p>When no virtual thread has run for 1.5 seconds, the server reports it in either case ({@link
   * io.plainweave.event.ServerEvent.CarriersBusy}). Default: four for each processor. 1 adds none.
   *
   * @param maxCarriers at least 1
   * @return this builder
   * @throws IllegalArgumentException if it is less than 1
   */
  public ServerBuilder maxCarriers(int maxCarriers) {
    if (maxCarriers < 1) {
      throw new IllegalArgumentException("maxCarriers must be at least 1: " + maxCarriers);
    }
    this.maxCarriers = maxCarriers;
    return this;
  }

  /**
   * Adds an observer of the server's events. All receive each, in this order.
   *
   * @param observer receives the events
   * @return this builder
   */
  public ServerBuilder observer(ServerObserver observer) {
    observers.add(Objects.requireNonNull(observer, "observer"));
    return this;
  }

  /**
   * Sets what forks take along from the thread of a connection. Default: scoped values alone.
   *
   * @param forkContext takes the context of the thread that forks
   * @return this builder
   */
  public ServerBuilder forkContext(ForkContext forkContext) {
    this.forkContext = Objects.requireNonNull(forkContext, "forkContext");
    return this;
  }

  /**
   * Sets whether SIGTERM and SIGINT (Ctrl-C) close the server before the process ends: they drain
   * it, then cancel what is left, and a second signal cancels at once. Default: true. Set it to
   * false where something else owns the process's end.
   *
   * <p>Such a signal is caught: first all servers of the process drain, side by side. Then the
   * threads that waited for them, in {@link Server#run()}, {@link Server#awaitTermination} or
   * {@code Server.serve}, have five seconds in all to finish what follows there, as a {@code
   * finally} that flushes a cache. Then the JVM runs its shutdown hooks and exits, with 143 or 130.
   * Another signal ends what the process waits for.
   *
   * <p>Where the program handles the signal itself, that is left to it. {@link System#exit} while
   * the server is open, and a signal in a JVM that lacks the module jdk.unsupported, drain it in a
   * hook, beside those that may close the log: close the server first. With the option -Xrs a
   * signal ends the process at once. {@code toolkit/docs/embedding.md} says more, and has recipes
   * for Spring Boot, Logback and Log4j.
   *
   * @param stopOnSignal whether the server takes part in the process's end
   * @return this builder
   */
  public ServerBuilder stopOnSignal(boolean stopOnSignal) {
    this.stopOnSignal = stopOnSignal;
    return this;
  }

  /**
   * Builds the server. Nothing is bound yet.
   *
   * @return the server, new
   * @throws IllegalStateException if there is no listener, or one without a handler, or if the
   *     structured concurrency of this JDK is not known
   */
  public Server build() {
    if (entries.isEmpty() && datagrams.isEmpty()) {
      throw new IllegalStateException(
          "the server has no listener: call listen(...), or datagrams(...) or sessions(...) for UDP");
    }
    if (needsTcp()) {
      throw new IllegalStateException(
          "the server has no TCP listener for datagrams to be beside: call listen(...)");
    }
    JdkCheck.run();
    var ticks = new Ticks();
    var registry = new ConnectionRegistry();
    var events = new ServerEvents(new ServerLog(), Recording.before(observers));
    var home =
        new ServerHome(
            // Each listener has its own: see ServerHome.of.
            Connection::abort,
            new Admission(admission, registry, ticks, events, Descriptors.ofThisProcess()),
            null,
            registry,
            new DatagramRegistry(datagrams),
            new BufferPool(DirectMemory.ofThisProcess()),
            new Pollers(eventLoops, maxCarriers),
            ticks,
            new TimeCheck(timeLimits),
            new Drain(drainDelay, drainSpread, drainTimeout, ticks),
            events,
            new HandshakeRunner(List.of(), new HandshakeTurns(maxHandshakes)),
            new BackgroundTasks(background),
            forkContext,
            new ConnectionCounts(),
            new Traces(ticks),
            Surroundings.current());
    // Handlers that are made for the server come after it.
    var places = new ArrayList<ServerHome.ListenPlace>();
    var server = new Server(places, home, maxCarriers, stopOnSignal);
    entries.forEach(
        it -> places.add(ServerHome.ListenPlace.of(it.listen, it.handler.apply(server))));
    return server;
  }

  /** Whether it takes datagrams beside TCP, and has no TCP listener yet. */
  boolean needsTcp() {
    return datagrams.stream().anyMatch(place -> place.udp().isBesideTcp())
        && entries.stream().noneMatch(entry -> entry.listen() instanceof TcpListen);
  }

  /**
   * Builds the server and {@linkplain Server#start() starts} it.
   *
   * @return the server, accepting
   * @throws IOException if it cannot listen
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException as {@link #build()}
   */
  public Server start() throws IOException, InterruptedException {
    return build().start();
  }
}
