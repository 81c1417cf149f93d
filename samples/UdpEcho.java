// UdpEcho: every datagram back to its sender.   samples/run UdpEcho [PORT | HOST:PORT]
//
//   echo hello | nc -u -W 1 127.0.0.1 7007
//   echo hello | socat -t 1 - UDP:127.0.0.1:7007
//
// RFC 862 gives it port 7. If a forged datagram names another such server as its sender, both would
// answer each other without end: the first datagram beyond the rate is dropped, which ends that.
import io.plainweave.*;
import io.plainweave.admission.Rate;
import io.plainweave.server.Server;
import io.plainweave.udp.Udp;

void main(String... args) {
  var udp = Udp.at(7007).sourceRate(Rate.perSecond(100));
  Server.serve(args, udp, datagram -> datagram.reply(datagram.bytes()));
}
