package io.plainweave.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The example of the admin listener")
@Timeout(30)
class AdminExampleTest {
  /** A handler as in the documentation. */
  private static final class Chat {
    static void handle(Connection connection) throws Exception {
      connection.input().transferTo(connection.output());
    }
  }

  @Test
  void works() throws Exception {
    // @start region="admin"
    // @replace region="service" regex=", 0\)" replacement=", 7000)"
    ServerBuilder builder = Server.builder().listen(Listen.tcp("localhost", 0), Chat::handle);
    // @end region="service"
    // @replace region="port" regex=", 0\)" replacement=", 9900)"
    Admin.listen(Listen.tcp("127.0.0.1", 0)).addTo(builder);
    // @end region="port"
    // @end region="admin"
    try (Server server = builder.stopOnSignal(false).start()) {
      int port = ((InetSocketAddress) server.addresses().getLast()).getPort();
      assertEquals("200 ready", Programs.status("http://127.0.0.1:" + port + "/ready"));
    }
  }
}
