package io.plainweave.jmx;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.server.Server;
import io.plainweave.server.ServerState;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.management.JMX;
import javax.management.MBeanInfo;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.openmbean.TabularData;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXConnectorServer;
import javax.management.remote.JMXConnectorServerFactory;
import javax.management.remote.JMXServiceURL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A JMX client over RMI, as JConsole is one. */
@DisplayName("A server that is registered with JMX")
@Timeout(60)
class JmxTest {
  private Server server;
  private JmxRegistration registration;
  private JMXConnectorServer agent;
  private JMXConnector client;
  private MBeanServerConnection beans;
  private ServerMXBean bean;

  @BeforeEach
  void register() throws Exception {
    server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0).name("echo"))
            .stopOnSignal(false)
            .handler(connection -> connection.input().transferTo(connection.output()))
            .start();
    registration = JmxRegistration.register(server, "echo");
    agent =
        JMXConnectorServerFactory.newJMXConnectorServer(
            new JMXServiceURL("rmi", "127.0.0.1", 0),
            Map.of(),
            ManagementFactory.getPlatformMBeanServer());
    agent.start();
    client = JMXConnectorFactory.connect(agent.getAddress());
    beans = client.getMBeanServerConnection();
    bean = JMX.newMXBeanProxy(beans, registration.name(), ServerMXBean.class);
  }

  @AfterEach
  void end() throws Exception {
    client.close();
    agent.stop();
    registration.close();
    server.close();
  }

  private static void eventually(Runnable assertion) {
    await().atMost(Duration.ofSeconds(10)).untilAsserted(assertion::run);
  }

  @Test
  void tellsItsFigures() throws Exception {
    try (Client one = Client.connect(server);
        Client two = Client.connect(server)) {
      one.exchange("hello");
      two.exchange("hi");
      eventually(() -> assertEquals(2, bean.getOpenConnections()));
      assertEquals(Map.of("echo", 2), bean.getOpenConnectionsByListener());
      eventually(() -> assertEquals(7, bean.getReceivedBytes()));
      eventually(() -> assertEquals(7, bean.getSentBytes()));
    }
    eventually(() -> assertEquals(Map.of("Finished", 2L), bean.getClosedConnections()));
    assertEquals(2, bean.getAcceptedConnections());
    assertEquals(Map.of(), bean.getRefusedConnections());
    assertEquals(ServerState.RUNNING.name(), bean.getState());
    // As clients see it that have no class of ours.
    var table = (TabularData) beans.getAttribute(registration.name(), "ClosedConnections");
    assertEquals(1, table.size());
  }

  @Test
  void listsAndEndsConnectionsByTheirNumber() throws Exception {
    try (Client one = Client.connect(server);
        Client two = Client.connect(server)) {
      one.exchange("hello");
      two.exchange("hello");
      List<String> lines = bean.listConnections(10);
      assertEquals(2, lines.size());
      assertEquals(1, bean.listConnections(1).size());
      long first = server.live().connections().mapToLong(it -> it.id()).min().orElseThrow();
      assertTrue(lines.stream().anyMatch(line -> line.startsWith("connection " + first + " ")));

      assertTrue(bean.endConnection(first, "idle for too long"));
      assertEquals("", one.receiveAll());
      assertFalse(bean.endConnection(first, "again"));
      two.exchange("still there");

      long second = server.live().connections().mapToLong(it -> it.id()).max().orElseThrow();
      assertTrue(bean.resetConnection(second, "it misbehaves"));
      eventually(() -> assertEquals(Map.of("EndedByOperator", 2L), bean.getClosedConnections()));
    }
  }

  @Test
  void changesTimeLimits() {
    assertEquals(server.timeLimits().idle().toMillis(), bean.getTimeLimitMillis().get("idle"));
    bean.changeTimeLimit("idle", 12_345);
    assertEquals(Duration.ofMillis(12_345), server.timeLimits().idle());
    assertEquals(12_345L, bean.getTimeLimitMillis().get("idle"));
    var failure =
        assertThrows(IllegalArgumentException.class, () -> bean.changeTimeLimit("none", 1));
    assertTrue(failure.getMessage().startsWith("no time limit none; there are handshake, "));
    assertThrows(IllegalArgumentException.class, () -> bean.changeTimeLimit("idle", -1));
    assertThrows(IllegalArgumentException.class, () -> bean.listConnections(-1));
  }

  @Test
  void isSuspendedResumedAndDrained() throws Exception {
    bean.suspend();
    try (Client waiting = Client.connect(server);
        Client behind = Client.connect(server)) {
      waiting.send("a");
      behind.send("b");
      // One may have been accepted before the acceptor could see it, and is not served either.
      await()
          .during(Duration.ofMillis(300))
          .until(() -> server.live().connections().allMatch(it -> it.received() == 0));
      bean.resume();
      assertEquals("a", waiting.receive(1));
      assertEquals("b", behind.receive(1));
    }
    try (Client idle = Client.connect(server)) {
      idle.exchange("hello");
      bean.drain();
      assertEquals("", idle.receiveAll());
    }
    assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    eventually(() -> assertEquals(1L, bean.getClosedConnections().get("Drained")));
  }

  @Test
  void describesItselfToAnyClient() throws Exception {
    MBeanInfo info = beans.getMBeanInfo(registration.name());
    assertTrue(List.of(info.getAttributes()).stream().anyMatch(it -> it.getName().equals("State")));
    assertTrue(List.of(info.getOperations()).stream().anyMatch(it -> it.getName().equals("drain")));
  }

  @Test
  void hasANameOfAnyFormWhichIsItsOwn() throws Exception {
    assertEquals(new ObjectName("io.plainweave:type=Server,name=echo"), registration.name());
    var failure =
        assertThrows(
            IllegalArgumentException.class, () -> JmxRegistration.register(server, "echo"));
    assertEquals("there is a server of that name: echo", failure.getMessage());
    // @start region="registration"
    try (var other = JmxRegistration.register(server, "chat, on *:7000")) {
      assertTrue(beans.isRegistered(other.name()));
    }
    // @end
    assertEquals(1, beans.queryNames(new ObjectName("io.plainweave:*"), null).size());
    registration.close();
    registration.close();
    assertEquals(0, beans.queryNames(new ObjectName("io.plainweave:*"), null).size());
  }
}
