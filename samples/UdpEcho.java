// UdpEcho: every datagram back to its sender.   samples/run UdpEcho [PORT]
//
//   echo hello | nc -u -W 1 127.0.0.1 7007
//   echo hello | socat -t 1 - UDP:127.0.0.1:7007
//
// RFC 862 gives it port 7. If a forged datagram names another such server as its sender, both would
// answer each other without end: the first datagram beyond the rate is dropped, which ends that.
import io.plainweave.*;
import io.plainweave.server.Server;
import io.plainweave.udp.Udp;

void main(String... args) throws Exception {
  var udp = Udp.at(args.length == 0 ? 7007 : Integer.parseInt(args[0]));
  Server.serve(
      Server.builder()
          .datagrams(
              udp.sourceRate(Rate.perSecond(100)), datagram -> datagram.reply(datagram.bytes())));
}
