// Plainweave: a virtual thread for each connection, with limits, time limits and a drain.
//   java @samples/run.args samples/models/Plainweave.java [PORT]
import io.plainweave.*;
import io.plainweave.server.Server;

void main(String... args) {
  Server.serve(
      args, Listen.tcp(7000), connection -> connection.input().transferTo(connection.output()));
}
