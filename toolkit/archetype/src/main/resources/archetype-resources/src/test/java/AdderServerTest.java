package ${package};

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.admin.Admin;
import io.plainweave.client.Connector;
import io.plainweave.server.Server;
import io.plainweave.testing.Peer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All of it, on sockets. */
@DisplayName("The server")
@Timeout(30)
class AdderServerTest {
  @Test
  void servesAndSaysSo() throws Exception {
    Listen free = Listen.tcp("127.0.0.1", 0);
    try (Server server = AdderServer.builder(free, Admin.listen(free)).stopOnSignal(false).start();
        Peer peer = Peer.over(Connector.tcp("127.0.0.1", server.port()).connect())) {
      peer.send("ADD 2\n").expect("OK 2\n");
      assertEquals(200, ask(server, "/live").statusCode());
      assertEquals(200, ask(server, "/ready").statusCode());
      assertTrue(ask(server, "/metrics").body().contains("plainweave_connections_open"));
      peer.halfClose().expectEnd();
    }
  }

  private static HttpResponse<String> ask(Server server, String path) throws Exception {
    int port = ((InetSocketAddress) server.addresses().getLast()).getPort();
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://127.0.0.1:" + port + path);
      return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    }
  }
}
