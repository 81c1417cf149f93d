// ThreadPool: as many threads as were started, each of which accepts, serves, and accepts the next.
//   java samples/models/ThreadPool.java [PORT [THREADS]]
//
// What is beyond the threads waits in the accept queue, where it costs the server nothing. An
// executor
// with a queue of its own would accept it first, and the client could not tell that nobody serves
// it.
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
