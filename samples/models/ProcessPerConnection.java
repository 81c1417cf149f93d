// ProcessPerConnection: a child process for each connection.
//   java samples/models/ProcessPerConnection.java [PORT]
//
// As inetd did it: the parent accepts, forks a child whose descriptors 0 and 1 are the connection,
// closes its own descriptor of it, and accepts the next. The child closes what it does not need,
// the listening socket first, and becomes another program. Java can be that program, but it cannot
// fork: systemd-socket-activate does the parent's part, and the child is this file once more.
void main(String... args) throws IOException, InterruptedException {
  if (System.inheritedChannel() instanceof SocketChannel connection) {
    serve(connection);
  } else {
    System.exit(parent(args.length > 0 ? args[0] : "7000"));
  }
}

/** The child: its end closes the connection. */
void serve(SocketChannel connection) {
  try {
    connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
    Channels.newInputStream(connection).transferTo(Channels.newOutputStream(connection));
  } catch (IOException e) {
    System.err.println("a client was lost: " + e.getMessage()); // descriptor 1 is the connection
  }
}

int parent(String port) throws IOException, InterruptedException {
  var command = new ArrayList<>(List.of("systemd-socket-activate", "--accept", "--inetd"));
  command.add("--listen=" + Integer.parseInt(port));
  ProcessHandle.Info self = ProcessHandle.current().info();
  command.add(self.command().orElseThrow());
  command.addAll(List.of(self.arguments().orElseThrow()));
  Process parent = new ProcessBuilder(command).inheritIO().start();
  Runtime.getRuntime().addShutdownHook(new Thread(() -> end(parent)));
  return parent.waitFor();
}

/** Its children end with it: it has each ask the kernel for SIGTERM when the parent dies. */
void end(Process parent) {
  parent.destroy();
  parent.onExit().join();
}
