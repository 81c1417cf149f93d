// UnixEcho: every byte back, at a path for this user only.   samples/run UnixEcho [PATH]
//
//   echo hello | nc -NU /tmp/echo.sock
//   echo hello | socat -t 30 - UNIX-CONNECT:/tmp/echo.sock
import io.plainweave.*;
import io.plainweave.server.Server;

void main(String... args) throws Exception {
  var path = Path.of(args.length == 0 ? "/tmp/echo.sock" : args[0]);
  Server.serve(Listen.unix(path), connection -> connection.input().transferTo(connection.output()));
}
