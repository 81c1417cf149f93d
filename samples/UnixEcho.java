// UnixEcho: every byte back, at a path for this user only.   samples/run UnixEcho [unix:PATH | ...]
//
//   echo hello | nc -NU /tmp/echo.sock
//   echo hello | socat -t 30 - UNIX-CONNECT:/tmp/echo.sock
import io.plainweave.*;
import io.plainweave.server.Server;

void main(String... args) {
  Server.serve(
      args,
      Listen.unix(Path.of("/tmp/echo.sock")),
      connection -> connection.input().transferTo(connection.output()));
}
