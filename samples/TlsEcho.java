// TlsEcho: every byte back, by TLS.   samples/run TlsEcho CERTIFICATE_AND_KEY.pem [PORT | ...]
//
//   openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout echo.pem -out echo.pem
//   echo hello | socat -t 30 - OPENSSL:localhost:7444,cafile=echo.pem
//   (echo hello; sleep 2) | openssl s_client -quiet -no_ign_eof -connect localhost:7444
import io.plainweave.*;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.tls.*;

void main(String... args) {
  Server.serve(args, List.of("CERTIFICATE_AND_KEY.pem"), Listen.tcp(7444), this::echo);
}

ServerBuilder echo(List<String> arguments, Listen listen) throws IOException {
  var pem = Path.of(arguments.getFirst());
  var tls = ServerTls.builder().identity(Identity.pem(pem, pem)).build();
  return Server.builder()
      .listen(listen.tls(tls))
      .handler(connection -> connection.input().transferTo(connection.output()));
}
