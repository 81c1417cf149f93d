// OneAtATime: accepts a connection, serves it to its end, and accepts the next.
//   java samples/models/OneAtATime.java [PORT]
//
// A second client connects all the same, since the kernel completes the handshake. The connection
// waits in the accept queue.
void main(String... args) throws IOException {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7000;
  var listener = new ServerSocket(port); // socket, bind, listen; the default backlog is 50
  IO.println("listening on port " + listener.getLocalPort());
  while (true) {
    Socket connection = listener.accept();
    try (connection) {
      connection.setTcpNoDelay(true);
      connection.getInputStream().transferTo(connection.getOutputStream());
    } catch (IOException e) {
      IO.println("a client was lost: " + e.getMessage());
    }
  }
}
