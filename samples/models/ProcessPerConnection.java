// ProcessPerConnection: a child process for each connection.
//   java samples/models/ProcessPerConnection.java [PORT]
//
// As inetd did it: the parent accepts, forks a child whose descriptors 0 and 1 are the connection,
// closes its own descriptor of it, and accepts the next. The child closes what it does not need,
// the
// listening socket first, and becomes another program. Java can be that program, but it cannot
// fork:
// the parent's part is done by systemd-socket-activate, and the child is this file once more.
void main(String... args) throws IOException, InterruptedException {
  if (System.inheritedChannel() instanceof SocketChannel connection) {
    serve(connection);
  } else {
    System.exit(parent(args.length > 0 ? args[0] : "7000"));
  }
}

/** The child: what it reads at descriptor 0 is what the client sends. */
void serve(SocketChannel connection) {
  try (connection) {
    Channels.newInputStream(connection).transferTo(Channels.newOutputStream(connection));
  } catch (IOException e) {
    System.err.println("a client was lost: " + e.getMessage());
  }
}

int parent(String port) throws IOException, InterruptedException {
  var command = new ArrayList<>(List.of("systemd-socket-activate", "--accept", "--inetd"));
  command.add("--listen=" + Integer.parseInt(port));
  ProcessHandle.Info self = ProcessHandle.current().info();
  command.add(self.command().orElseThrow());
  command.addAll(List.of(self.arguments().orElseThrow()));
  Process parent = new ProcessBuilder(command).inheritIO().start();
  var end = new Thread(() -> end(parent));
  Runtime.getRuntime().addShutdownHook(end);
  return parent.waitFor();
}

/** The children are the parent's: whoever ends it first can find them no more. */
void end(Process parent) {
  List<ProcessHandle> all = new ArrayList<>(parent.descendants().toList());
  all.addFirst(parent.toHandle());
  all.forEach(ProcessHandle::destroy);
  all.forEach(process -> process.onExit().join());
}
