// Prefork: worker processes, there before any client is, all of which accept on one port.
//   java samples/models/Prefork.java [PORT [WORKERS]]
//
// Each worker has a listening socket of its own (SO_REUSEPORT), and so an accept queue of its own:
// the
// kernel picks one by a hash of the addresses and ports, whether that worker is busy or not.
// Started
// with a listening socket at descriptor 0, the workers share that one, and its one queue:
//   systemd-socket-activate --inetd --listen=7000 java samples/models/Prefork.java
//
// A worker that gets SIGTERM closes its listening socket, finishes its connection and ends, and the
// supervisor starts another. One worker after the other, that restarts a server that goes on
// serving.
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
  Runtime.getRuntime().addShutdownHook(new Thread(this::endWorkers));
  var keepers = new ArrayList<Thread>();
  for (int i = 0; i < workers; i++) {
    keepers.add(Thread.ofPlatform().start(() -> keepAlive(command)));
  }
  for (Thread keeper : keepers) {
    keeper.join();
  }
}

/** Starts a worker, and another whenever one was ended by a signal: its exit code is over 128. */
void keepAlive(List<String> command) {
  try {
    while (!ending && new ProcessBuilder(command).inheritIO().start().waitFor() > 128) {}
  } catch (IOException | InterruptedException e) {
    System.err.println("no worker more: " + e.getMessage());
  }
}

void endWorkers() {
  ending = true;
  for (List<ProcessHandle> left;
      !(left = ProcessHandle.current().children().toList()).isEmpty(); ) {
    left.forEach(ProcessHandle::destroy);
    left.forEach(worker -> worker.onExit().join());
  }
}

ServerSocketChannel listener(int port) throws IOException {
  if (System.inheritedChannel() instanceof ServerSocketChannel shared) {
    return shared;
  }
  var own = ServerSocketChannel.open();
  own.setOption(StandardSocketOptions.SO_REUSEPORT, true);
  return own.bind(new InetSocketAddress(port));
}

void work(ServerSocketChannel listener) throws IOException {
  Thread worker = Thread.currentThread();
  Runtime.getRuntime().addShutdownHook(new Thread(() -> finish(listener, worker)));
  IO.println(
      "worker "
          + ProcessHandle.current().pid()
          + " listening on port "
          + listener.socket().getLocalPort());
  while (true) {
    SocketChannel connection;
    try {
      connection = listener.accept();
    } catch (ClosedChannelException finished) {
      return;
    }
    try (connection) {
      Channels.newInputStream(connection).transferTo(Channels.newOutputStream(connection));
    } catch (IOException e) {
      IO.println("a client was lost: " + e.getMessage());
    }
  }
}

/** At SIGTERM: no more connections, and the last one to its end. */
void finish(ServerSocketChannel listener, Thread worker) {
  try {
    listener.close();
    worker.join();
  } catch (IOException | InterruptedException e) {
    System.err.println("not finished: " + e.getMessage());
  }
}
