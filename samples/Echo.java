// Echo: every byte back, until the client half-closes.   samples/run Echo [PORT | HOST:PORT]
import io.plainweave.*;
import io.plainweave.server.Server;

void main(String... args) {
  Server.serve(
      args, Listen.tcp(7000), connection -> connection.input().transferTo(connection.output()));
}
