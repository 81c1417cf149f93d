// ThreadPool: a fixed number of threads, each of which accepts a connection, serves it to its end,
// and accepts the next.
//   java samples/models/ThreadPool.java [PORT [THREADS]]
//
// Further connections wait in the accept queue, which the backlog bounds. An executor with a queue
// would accept them first, and each would take a descriptor while no thread serves it.
void main(String... args) throws IOException {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7000;
  int threads = args.length > 1 ? Integer.parseInt(args[1]) : 200;
  var listener = new ServerSocket(port, 4096);
  IO.println("listening on port " + listener.getLocalPort());
  for (int i = 0; i < threads; i++) {
    Thread.ofPlatform().start(() -> work(listener));
  }
}

void work(ServerSocket listener) {
  while (true) {
    Socket connection;
    try {
      connection = listener.accept();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (connection) {
      connection.setTcpNoDelay(true);
      connection.getInputStream().transferTo(connection.getOutputStream());
    } catch (IOException e) {
      IO.println("a client was lost: " + e.getMessage());
    }
  }
}
