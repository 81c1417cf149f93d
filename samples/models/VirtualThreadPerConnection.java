// VirtualThreadPerConnection: a virtual thread of the JDK for each connection.
//   java samples/models/VirtualThreadPerConnection.java [PORT]
//
// ThreadPerConnection with one word changed. A thread whose read has to wait leaves its carrier, a
// thread of the operating system, to others: its stack moves to the heap, and the JDK's own epoll
// loop unparks it when there is something to read.
void main(String... args) throws IOException {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7000;
  var listener = new ServerSocket(port, 4096);
  IO.println("listening on port " + listener.getLocalPort());
  while (true) {
    Socket connection = listener.accept();
    Thread.ofVirtual().start(() -> serve(connection));
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
