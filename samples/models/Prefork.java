// Prefork: worker processes, started before the first client comes, which all accept on one port.
//   java samples/models/Prefork.java [PORT [WORKERS]]
//
// Each worker has a listening socket of its own (SO_REUSEPORT), and so an accept queue of its own:
// the kernel picks one by a hash of the addresses and ports, whether its worker is busy or not.
// Started with a listening socket at descriptor 0, the workers share that one and its one queue:
//   systemd-socket-activate --inetd --listen=7000 java samples/models/Prefork.java
//
// A worker that gets SIGTERM closes its listening socket, finishes its connection and ends, and the
// supervisor starts another. Done to one worker after another, this restarts a server that goes on
// serving. It resets the clients that wait in the worker's own queue, unless the kernel may move
// them to another (net.ipv4.tcp_migrate_req=1). A shared queue stays.
static final String WORKER = "worker";

volatile boolean ending; // set by the supervisor's shutdown hook

void main(String... args) throws IOException, InterruptedException {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7000;
  int workers = args.length > 1 ? Integer.parseInt(args[1]) : 4;
  if (args.length > 2 && args[2].equals(WORKER)) {
    work(listener(port));
    return;
  }
  // Bound, but not listening: the port stays theirs while workers come and go.
  try (var reserved = SocketChannel.open()) {
    if (System.inheritedChannel() == null) {
      reserved.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      port = reserved.bind(new InetSocketAddress(port)).socket().getLocalPort();
    }
    supervise(workers, command(args.length, port, workers));
  }
  System.exit(1); // no worker is left, though none was stopped
}

/** This program's own command line, with a worker's arguments. */
List<String> command(int ownArguments, int port, int workers) {
  ProcessHandle.Info self = ProcessHandle.current().info();
  String[] arguments = self.arguments().orElseThrow();
  var command = new ArrayList<>(List.of(self.command().orElseThrow()));
  command.addAll(List.of(arguments).subList(0, arguments.length - ownArguments));
  command.addAll(List.of(Integer.toString(port), Integer.toString(workers), WORKER));
  return command;
}

void supervise(int workers, List<String> command) throws InterruptedException {
  Thread.Builder keeper = Thread.ofPlatform();
  List<Thread> keepers =
      Stream.generate(() -> keeper.unstarted(() -> keepAlive(command))).limit(workers).toList();
  Runtime.getRuntime().addShutdownHook(new Thread(() -> end(keepers)));
  keepers.forEach(Thread::start);
  for (Thread each : keepers) {
    each.join();
  }
}

/** Starts a worker, and another whenever one was ended by a signal: its exit code is over 128. */
void keepAlive(List<String> command) {
  try {
    while (!ending && new ProcessBuilder(command).inheritIO().start().waitFor() > 128) {}
  } catch (IOException | InterruptedException e) {
    System.err.println("a worker is missing: " + e.getMessage());
  }
}

/** Ends the workers until no keeper is left: one may be about to start its next worker. */
void end(List<Thread> keepers) {
  ending = true;
  while (keepers.stream().anyMatch(Thread::isAlive)) {
    List<ProcessHandle> workers = ProcessHandle.current().children().toList();
    workers.forEach(ProcessHandle::destroy);
    workers.forEach(worker -> worker.onExit().join());
  }
}

ServerSocketChannel listener(int port) throws IOException {
  if (System.inheritedChannel() instanceof ServerSocketChannel shared) {
    return shared;
  }
  var own = ServerSocketChannel.open();
  own.setOption(StandardSocketOptions.SO_REUSEPORT, true);
  return own.bind(new InetSocketAddress(port), 4096);
}

void work(ServerSocketChannel listener) throws IOException {
  Thread worker = Thread.currentThread();
  Runtime.getRuntime().addShutdownHook(new Thread(() -> finish(listener, worker)));
  String pid = "worker " + ProcessHandle.current().pid();
  log(pid + " listening on port " + listener.socket().getLocalPort());
  while (true) {
    SocketChannel connection;
    try {
      connection = listener.accept();
    } catch (ClosedChannelException finished) {
      return;
    }
    try (connection) {
      connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
      Channels.newInputStream(connection).transferTo(Channels.newOutputStream(connection));
    } catch (IOException e) {
      log("a client was lost: " + e.getMessage());
    }
  }
}

/** Not to descriptor 1, which may be the listening socket. */
void log(String line) {
  System.err.println(line);
}

/** At SIGTERM: no more connections, and the last one to its end. */
void finish(ServerSocketChannel listener, Thread worker) {
  try {
    listener.close();
    worker.join();
  } catch (IOException | InterruptedException e) {
    log("not finished: " + e.getMessage());
  }
}
