// EpollLoop: one thread, which waits in epoll_wait(2) for connections that are ready.
//   java samples/models/EpollLoop.java [PORT]
//
// A Selector is epoll on Linux, kqueue on macOS and wepoll on Windows. The kernel keeps the list of
// descriptors and returns the ready ones, so a round costs nothing for idle connections.
import static java.nio.channels.SelectionKey.*;

/** For all connections, since there is one thread. */
final ByteBuffer buffer = ByteBuffer.allocateDirect(16_384);

void main(String... args) throws IOException {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7000;
  var listener = ServerSocketChannel.open().bind(new InetSocketAddress(port), 4096);
  listener.configureBlocking(false);
  Selector selector = Selector.open();
  listener.register(selector, OP_ACCEPT);
  IO.println("listening on port " + listener.socket().getLocalPort());
  while (true) {
    selector.select();
    for (SelectionKey key : selector.selectedKeys()) {
      if (key.isAcceptable()) {
        accept(listener, selector);
      } else {
        serve(key);
      }
    }
    selector.selectedKeys().clear();
  }
}

void accept(ServerSocketChannel listener, Selector selector) throws IOException {
  for (SocketChannel connection; (connection = listener.accept()) != null; ) {
    connection.configureBlocking(false);
    connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
    connection.register(selector, OP_READ);
  }
}

void serve(SelectionKey key) throws IOException {
  var connection = (SocketChannel) key.channel();
  try {
    if (key.isWritable()) {
      write(key, connection);
    } else if (!read(key, connection)) {
      connection.close();
    }
  } catch (IOException e) {
    IO.println("a client was lost: " + e.getMessage());
    connection.close();
  }
}

/** False at the end of what the client sends. */
boolean read(SelectionKey key, SocketChannel connection) throws IOException {
  buffer.clear();
  if (connection.read(buffer) < 0) {
    return false;
  }
  connection.write(buffer.flip());
  if (buffer.hasRemaining()) { // it reads more slowly than it sends: do not read more yet
    key.attach(ByteBuffer.allocate(buffer.remaining()).put(buffer).flip());
    key.interestOps(OP_WRITE);
  }
  return true;
}

void write(SelectionKey key, SocketChannel connection) throws IOException {
  var unsent = (ByteBuffer) key.attachment();
  connection.write(unsent);
  if (!unsent.hasRemaining()) {
    key.attach(null);
    key.interestOps(OP_READ);
  }
}
