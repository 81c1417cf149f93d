// OnePort: HTTP, HTTPS and an echo on one port.   samples/run OnePort KEYS.pem [PORT | ...]
//
//   openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout one.pem -out one.pem
//   curl -s http://localhost:7445/
//   curl -sk https://localhost:7445/
//   (echo hello; sleep 2) | openssl s_client -quiet -no_ign_eof -connect localhost:7445
//   echo hello | socat -t 30 - TCP:localhost:7445
import io.plainweave.*;
import io.plainweave.framing.Lines;
import io.plainweave.protocol.Protocols;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.tls.*;

void main(String... args) {
  Server.serve(args, List.of("CERTIFICATE_AND_KEY.pem"), Listen.tcp(7445), this::onePort);
}

ServerBuilder onePort(List<String> arguments, Listen listen) throws IOException {
  var pem = Path.of(arguments.getFirst());
  var tls = ServerTls.builder().identity(Identity.pem(pem, pem)).build();
  var plain = Protocols.NONE.startsWith("GET ", this::page).otherwise(this::echo);
  return Server.builder().listen(listen).handler(plain.tls(tls, plain));
}

void page(Connection connection) throws IOException {
  var request = Lines.of(connection, 8_192);
  for (String line; (line = request.read()) != null && !line.isEmpty(); ) {}
  String page = connection.tls().isPresent() ? "by HTTPS\n" : "by HTTP\n";
  connection.output().write(("HTTP/1.0 200 OK\r\n\r\n" + page).getBytes());
}

void echo(Connection connection) throws IOException {
  connection.input().transferTo(connection.output());
}
