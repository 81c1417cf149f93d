package io.plainweave.server;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ListenerStatus;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.udp.DatagramListener;
import io.plainweave.status.LiveView;
import io.plainweave.udp.DatagramHandler;
import io.plainweave.udp.DatagramStatistics;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Listens, and runs a {@link Handler} for each connection on a virtual thread of its own.
 * Everything a server starts ends with it.
 *
 * <p><b>Starting.</b> {@link #run()} serves in the calling thread until the server has terminated;
 * {@link #start()} serves in the background. Either fails as a whole, in the calling thread, if one
 * of the listeners cannot be bound. A server runs once.
 *
 * <p><b>Stopping</b> has two stages, named as in {@link java.util.concurrent.ExecutorService}.
 * {@link #shutdown()} begins the drain: the listeners close, connections that wait for input read
 * end of stream, and those at work finish. {@link #shutdownNow()} cancels: what is left is
 * interrupted, and its sockets are closed. {@link #close()} drains for the configured time, then
 * cancels; so do SIGTERM and SIGINT, unless {@link ServerBuilder#stopOnSignal(boolean)} says
 * otherwise, and let who waits for the server clean up.
 *
 * <p><b>What waits for input?</b> A handler that reads a plain stream, as soon as it waits and
 * nothing has come for 200 ms: a stream that flows goes on until it pauses or ends.
 *
 * <p>{@linkplain io.plainweave The package} says what a server survives without memory. All methods
 * are safe for use by several threads. None of them takes null.
 */
public final class Server implements AutoCloseable {
  private final ServerHome home;
  private final Lifecycle lifecycle = new Lifecycle();
  private final AtomicBoolean started = new AtomicBoolean();
  private final Listeners listeners;
  private final Supervisor supervisor;

  Server(
      List<ServerHome.ListenPlace> places, ServerHome home, int maxCarriers, boolean stopOnSignal) {
    this.home = home;
    this.listeners = new Listeners(places, home, lifecycle);
    this.supervisor = new Supervisor(this, listeners, home, maxCarriers, stopOnSignal, lifecycle);
  }

  /** {@return an empty builder, which describes a server} */
  public static ServerBuilder builder() {
    return new ServerBuilder();
  }

  /**
   * Serves until the process is asked to end, and prints {@code listening on ADDRESS:PORT} on the
   * standard output as soon as it accepts. This is a server in one line, with every option at its
   * default.
   *
   * @param listen where to listen
   * @param handler runs once for each connection
   * @throws IOException if it cannot listen, or if the listener fails later
   * @throws InterruptedException if the calling thread is interrupted, as in {@link #run()}
   * @throws IllegalStateException if the structured concurrency of this JDK is not known
   */
  public static void serve(Listen listen, Handler handler)
      throws IOException, InterruptedException {
    serve(builder().listen(listen).handler(handler));
  }

  /**
   * Serves as {@link #serve(Listen, Handler)} does, with options.
   *
   * @param builder where to listen, the handler and the options
   * @throws IOException if it cannot listen, or if a listener or background task fails later
   * @throws InterruptedException if the calling thread is interrupted, as in {@link #run()}
   * @throws IllegalStateException if {@link ServerBuilder#build()} throws it
   */
  public static void serve(ServerBuilder builder) throws IOException, InterruptedException {
    Server server = builder.build();
    server.bind();
    ServeCommand.sayWhereItListens(server);
    server.supervisor.superviseOrFail();
  }

  /**
   * Serves as the whole of a program: the command line may name another place to listen, in a form
   * that {@link Listen#parse} reads, and {@code --help} explains it. The other place has the
   * settings of the standard one, such as its TLS. Otherwise as {@link #serve(Listen, Handler)},
   * but a failure ends the process with one sentence on the standard error and an exit code: 2 for
   * a bad command line, 1 if the server cannot listen.
   *
   * @param args the arguments of the main method
   * @param standard where to listen if the command line does not say
   * @param handler runs once for each connection
   */
  public static void serve(String[] args, Listen standard, Handler handler) {
    serve(args, standard, builder().handler(handler));
  }

  /**
   * Serves as {@link #serve(String[], Listen, Handler)} does, with options.
   *
   * @param args the arguments of the main method
   * @param standard where to listen if the command line does not say
   * @param server the handler and the options; the place to listen is added to it
   */
  public static void serve(String[] args, Listen standard, ServerBuilder server) {
    ServeCommand.run(args, standard, server);
  }

  /**
   * Serves as {@link #serve(String[], Listen, Handler)} does, but UDP alone, at PORT or HOST:PORT.
   *
   * @param args the arguments of the main method
   * @param standard where to take datagrams if the command line does not say
   * @param handler runs once for each datagram
   */
  public static void serve(String[] args, Udp standard, DatagramHandler handler) {
    ServeCommand.run(args, standard, handler);
  }

  /**
   * Serves as {@link #serve(String[], Listen, Handler)} does, with arguments of the program's own
   * before the place to listen.
   *
   * @param args the arguments of the main method
   * @param names how the usage calls those of the program's own, for example {@code TARGET}
   * @param standard where to listen if the command line does not say
   * @param program makes the server of the arguments and the place to listen
   */
  public static void serve(String[] args, List<String> names, Listen standard, Program program) {
    ServeCommand.run(args, names, standard, program);
  }

  /**
   * Binds the listeners and serves in the calling thread. When this returns, nothing is left: no
   * thread, no socket, no permit.
   *
   * @throws IOException if it cannot listen, or if a listener or background task fails later
   * @throws InterruptedException if the calling thread is interrupted; nothing of it is left
   * @throws IllegalStateException if the server was started or closed before
   */
  public void run() throws IOException, InterruptedException {
    bind();
    supervisor.superviseOrFail();
  }

  /**
   * Binds the listeners and serves in the background. When this returns the server accepts
   * connections.
   *
   * @return this server
   * @throws IOException if the server cannot listen
   * @throws InterruptedException if the calling thread is interrupted; nothing is left open
   * @throws IllegalStateException if the server was started or closed before
   */
  public Server start() throws IOException, InterruptedException {
    return start(Thread.ofPlatform().name("plainweave server")::start);
  }

  Server start(Consumer<Runnable> thread) throws IOException, InterruptedException {
    bind();
    supervisor.start(thread);
    return this;
  }

  /**
   * {@return the addresses at which the server listens for connections, in the order of the
   * listeners, each an {@link InetSocketAddress} or, for a path, a {@link
   * java.net.UnixDomainSocketAddress}; where port 0 was asked for, with the port that was given.
   * Empty before the start. {@link #datagrams()} has those of UDP}
   */
  public List<SocketAddress> addresses() {
    return listeners.addresses();
  }

  /**
   * {@return how the listening sockets stand, in the order of the listeners; they may stand
   * otherwise already. Empty before the start}
   */
  public List<ListenerStatus> listeners() {
    return listeners.sockets().stream().map(Listener::status).toList();
  }

  /**
   * {@return the port of the first TCP listener; {@link #datagrams()} has those of UDP}
   *
   * @throws IllegalStateException if the server was not started, or has no TCP listener
   */
  public int port() {
    return listeners.port();
  }

  /** {@return where the server is in its life, which may be further already} */
  public ServerState state() {
    return lifecycle.state();
  }

  /**
   * {@return how many connections are open, from the accept to the close, without those of
   * listeners for {@linkplain Listen#admin(boolean) administration}}
   */
  public int connections() {
    return home.admission().connections();
  }

  /** {@return what can be seen of this server: each connection, with an end for it, and figures} */
  public LiveView live() {
    return home.live();
  }

  /**
   * {@return what has become of the UDP datagrams, for each address that takes them, in the order
   * of their description; the last figures when the server has ended, and empty before the start}
   */
  public List<DatagramStatistics> datagrams() {
    return home.datagrams().listeners().stream().map(DatagramListener::statistics).toList();
  }

  /**
   * {@return the time limits of the server, as they were set last, of which {@link
   * #changeTimeLimits} may be given a changed copy}
   */
  public TimeLimits timeLimits() {
    return home.timeCheck().timeLimits();
  }

  /**
   * Replaces the time limits of the server. They apply from now on, as {@link
   * Connection#changeTimeLimits(TimeLimits)} says, also to connections that are open, but not where
   * a listener or a connection has limits of its own.
   *
   * @param timeLimits the limits
   */
  public void changeTimeLimits(TimeLimits timeLimits) {
    home.timeCheck().change(timeLimits);
  }

  /**
   * {@return the time limits of one listener, as they were set last: its own, or else those of the
   * server}
   *
   * @param listener one of the {@link #addresses()}
   * @throws IllegalArgumentException if the server does not listen there
   */
  public TimeLimits timeLimits(SocketAddress listener) {
    return listeners.homesAt(listener).getFirst().timeCheck().timeLimits();
  }

  /**
   * Replaces the time limits of one listener, at all of its addresses ({@link
   * Listen#timeLimits()}). It has limits of its own from then on.
   *
   * @param listener one of the {@link #addresses()}
   * @param timeLimits the limits of its connections, but for those that have their own
   * @throws IllegalArgumentException if the server does not listen there
   */
  public void changeTimeLimits(SocketAddress listener, TimeLimits timeLimits) {
    listeners.homesAt(listener).forEach(own -> own.timeCheck().change(timeLimits));
  }

  /**
   * {@return the rules of admission that are in force, of which {@link #changeAdmission} may be
   * given a changed copy}
   */
  public AdmissionRules admission() {
    return home.admission().rules();
  }

  /**
   * Replaces the rules of admission. They apply from now on; connections that are open beyond a new
   * limit go on, and count.
   *
   * @param admission the rules
   */
  public void changeAdmission(AdmissionRules admission) {
    home.admission().change(admission);
  }

  /**
   * {@return the limit of connections of one listener, as it was set last; zero for none}
   *
   * @param listener one of the {@link #addresses()}
   * @throws IllegalArgumentException if the server does not listen there
   */
  public int maxConnections(SocketAddress listener) {
    return listeners.homesAt(listener).getFirst().maxConnections();
  }

  /**
   * Replaces the limit of connections of one listener ({@link Listen#maxConnections()}).
   *
   * @param listener one of the {@link #addresses()}
   * @param maxConnections the limit, or zero for none
   * @throws IllegalArgumentException if the server does not listen there, or the limit is negative
   */
  public void changeMaxConnections(SocketAddress listener, int maxConnections) {
    listeners.homesAt(listener).forEach(own -> own.changeMaxConnections(maxConnections));
  }

  /**
   * Adds a listener to a server that runs, as if the builder had it. When this returns, the server
   * accepts there.
   *
   * {@snippet file="io/plainweave/server/LiveListenersTest.java" region="listen"}
   *
   * @param listen where to listen
   * @param handler runs once for each connection of this listener
   * @return its address, or the first of its {@link #addresses()}
   * @throws IOException if the server cannot listen there; it goes on as before
   * @throws InterruptedException if the calling thread is interrupted; nothing is added
   * @throws IllegalStateException if the server was not started, or drains
   */
  public SocketAddress listen(Listen listen, Handler handler)
      throws IOException, InterruptedException {
    return listeners.listen(new ServerHome.ListenPlace(listen, handler));
  }

  /**
   * Removes a listener, at all of its addresses, and returns when new connections are refused
   * there. Those that are open go on, and are drained with the server. Where others may listen on
   * the same port, those that wait in the backlog are accepted first, as by {@link #shutdown()}.
   *
   * @param listener one of the {@link #addresses()}
   * @throws IllegalArgumentException if the server does not listen there
   * @throws IllegalStateException if the server drains, which ends its listeners
   */
  public void stopListening(SocketAddress listener) {
    listeners.remove(listener);
  }

  /**
   * Waits until no more than so many {@link #connections()} are open. Others may come at once,
   * unless the server is suspended or drains.
   *
   * {@snippet file="io/plainweave/server/LiveListenersTest.java" region="few"}
   *
   * @param most how many may be left; zero for none
   * @param timeout how long to wait at most; zero or less only asks
   * @return whether there are no more
   * @throws IllegalArgumentException if {@code most} is negative
   * @throws InterruptedException if the calling thread is interrupted
   */
  public boolean awaitConnections(int most, Duration timeout) throws InterruptedException {
    return home.admission().awaitConnections(most, TimeUnit.NANOSECONDS.convert(timeout));
  }

  /**
   * Stops accepting until {@link #resume()}: new connections wait in the kernel's backlog, one that
   * was just accepted as well. Those that are open go on, as do datagrams.
   */
  public void suspend() {
    home.admission().suspend(true);
  }

  /** Accepts again after {@link #suspend()}. */
  public void resume() {
    home.admission().suspend(false);
  }

  /** {@return whether it was {@linkplain #suspend() suspended}, and not resumed since} */
  public boolean isSuspended() {
    return home.admission().isSuspended();
  }

  /**
   * Begins the drain and returns at once. New connections are refused from now on, or when the
   * {@linkplain ServerBuilder#drainDelay(Duration) delay} has passed. Where others may listen on
   * the same port ({@link TcpListen#reusePort()}), those that wait in the backlog are accepted
   * first, for 300 ms at most. There is no deadline: connections may finish whenever they do,
   * unless {@link #drain()} or {@link #close()} is called, too. A second call has no effect. A
   * server that was not started is terminated.
   */
  public void shutdown() {
    if (started.compareAndSet(false, true)) {
      lifecycle.advanceTo(ServerState.TERMINATED);
    } else if (home.drain().begin(lifecycle, home)
        && home.drain().finishesListeners(home.ticks().now())) {
      listeners.finishService();
    }
  }

  /**
   * Cancels: resets all connections, interrupts their handlers, and returns. A handler that does
   * not react to the interrupt keeps its thread, and the server does not terminate before that
   * thread ends.
   */
  public void shutdownNow() {
    shutdown();
    if (!lifecycle.state().isAtLeast(ServerState.CANCELLING)) {
      listeners.close();
      home.drain().cancel(home.registry(), home.datagrams());
      lifecycle.advanceTo(ServerState.CANCELLING);
    }
  }

  /**
   * Waits until the server has terminated.
   *
   * @param timeout how long to wait at most; zero or less only asks
   * @return whether the server has terminated: no thread, socket or permit of it is left
   * @throws InterruptedException if the calling thread is interrupted
   */
  public boolean awaitTermination(Duration timeout) throws InterruptedException {
    return supervisor.awaitTermination(TimeUnit.NANOSECONDS.convert(timeout));
  }

  /**
   * Drains for the configured time ({@link ServerBuilder#drainTimeout(Duration)}), then cancels,
   * and waits one more second for what was cancelled. If the calling thread is interrupted, it
   * cancels at once, and the thread's interrupt flag stays set.
   *
   * <p>However often it is called, there is one drain, and one report. A thread of this server,
   * such as that of a handler, would wait for itself: it gets a report of what is known, at once.
   *
   * @return what has become of the connections
   */
  public DrainReport drain() {
    return supervisor.drain();
  }

  /** Does the same as {@link #drain()}. */
  @Override
  public void close() {
    drain();
  }

  ServerHome home() {
    return home;
  }

  private void bind() throws IOException, InterruptedException {
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException("a server runs once: this one is " + lifecycle.state());
    }
    supervisor.bind();
  }
}
