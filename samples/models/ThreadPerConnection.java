// ThreadPerConnection: a thread of the operating system for each connection.
//   java samples/models/ThreadPerConnection.java [PORT]
void main(String... args) throws IOException {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7000;
  var listener = new ServerSocket(port, 4096);
  IO.println("listening on port " + listener.getLocalPort());
  while (true) {
    Socket connection = listener.accept();
    Thread.ofPlatform().start(() -> serve(connection));
  }
}

void serve(Socket connection) {
  try (connection) {
    connection.setTcpNoDelay(true);
    connection.getInputStream().transferTo(connection.getOutputStream());
  } catch (IOException e) {
    IO.println("a client was lost: " + e.getMessage());
  }
}
