// Time: the seconds since 1900 in four bytes.   samples/run Time [PORT | HOST:PORT]
//
//   date -uIs -d @$(($(nc -d 127.0.0.1 7037 | od -An -tu4 --endian=big) - 2208988800))
//   socat -t 30 - UDP:127.0.0.1:7037,shut-null,readbytes=4 </dev/null | od -An -tu4 --endian=big
//
// RFC 868 gives it port 37, by TCP and UDP; a UDP client asks with an empty datagram. In 2036 the
// number begins again at 0. UdpEcho says why there is a rate.
import io.plainweave.*;
import io.plainweave.admission.Rate;
import io.plainweave.server.Server;
import io.plainweave.udp.Udp;

/** From 1900 to 1970, each at 00:00 UTC. */
static final long UNIX_EPOCH = 2_208_988_800L;

void main(String... args) {
  var udp = Udp.besideTcp().sourceRate(Rate.perSecond(100));
  Server.serve(
      args,
      Listen.tcp(7037),
      Server.builder()
          .datagrams(udp, datagram -> datagram.reply(now()))
          .handler(connection -> connection.output().write(now())));
}

byte[] now() {
  long seconds = System.currentTimeMillis() / 1_000 + UNIX_EPOCH;
  return ByteBuffer.allocate(4).putInt((int) seconds).array();
}
