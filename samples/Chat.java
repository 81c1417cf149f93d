// Chat: everyone reads what everyone writes.   samples/run Chat [PORT | HOST:PORT]
import io.plainweave.*;
import io.plainweave.framing.Lines;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

final Group room = new Group();

void main(String... args) {
  var patient = TimeLimits.DEFAULT.firstByte(Duration.ofMinutes(1)).idle(Duration.ofHours(1));
  Server.serve(args, Listen.tcp(7001).timeLimits(patient), this::chat);
}

void chat(Connection connection) throws Exception {
  var lines = Lines.of(connection, 1_000); // in bytes: a longer line ends the connection
  // Nobody waits for a client that does not read: one that is 1,000 lines behind is disconnected.
  var outbox = new Outbox(connection, 1_000, Outbox.Policy.DISCONNECT);

  String name;
  do {
    lines.write("Your name, please (letters, digits, - and _):");
    name = lines.read();
    if (name == null) {
      return;
    }
  } while (!name.matches("[\\p{L}\\p{N}_-]{1,20}") || !room.join(name, outbox));

  try (var client = connection.openScope()) {
    client.fork("outbox", outbox);
    try (outbox) { // closed, it leaves the room and sends the rest
      tellAll("* " + name + " has joined: " + String.join(", ", room.names()));
      for (String line; (line = lines.read()) != null && !line.equals("/quit"); ) {
        tellAll(name + ": " + line);
      }
    } finally {
      tellAll("* " + name + " has left");
    }
    client.join();
  }
}

void tellAll(String text) throws InterruptedException {
  // Not the control characters, which could do anything to the terminals of the others.
  String line = text.replaceAll("\\p{IsControl}", " ") + "\n";
  room.broadcast(line.getBytes(StandardCharsets.UTF_8));
}
