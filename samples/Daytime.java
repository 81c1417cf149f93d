// Daytime: the date and the time in a line.   samples/run Daytime [PORT | HOST:PORT]
//
//   nc -d 127.0.0.1 7013
//   curl -s telnet://127.0.0.1:7013 </dev/null
//   echo | nc -u -W 1 127.0.0.1 7013
//
// RFC 867 gives it port 13, by TCP and UDP. The TCP server only writes: what a client sends all the
// same is dropped when the handler has returned. UdpEcho says why there is a rate.
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;

import io.plainweave.*;
import io.plainweave.admission.Rate;
import io.plainweave.server.Server;
import io.plainweave.udp.Udp;
import java.time.*;

void main(String... args) {
  var udp = Udp.besideTcp().sourceRate(Rate.perSecond(100));
  Server.serve(
      args,
      Listen.tcp(7013),
      Server.builder()
          .datagrams(udp, datagram -> datagram.reply(now()))
          .handler(connection -> connection.output().write(now())));
}

byte[] now() {
  String line = RFC_1123_DATE_TIME.format(OffsetDateTime.now(ZoneOffset.UTC)) + "\r\n";
  return line.getBytes(US_ASCII);
}
