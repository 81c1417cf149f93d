package io.plainweave.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Listen;
import io.plainweave.admin.threads.Main;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The beginning of operating.md, with the process, the port and the number of this test. */
@DisplayName("The page Operate it")
@Timeout(90)
class OperateItTest {
  private static final Path PAGE = Path.of("../docs/operating.md");
  private static final Path BIN = Path.of(System.getProperty("java.home"), "bin");

  private Server server;
  private int adminPort;

  @BeforeEach
  void start() throws Exception {
    ServerBuilder builder =
        Server.builder()
            .listen(
                Listen.tcp("127.0.0.1", 0).name("echo"),
                connection -> connection.input().transferTo(connection.output()));
    server = Admin.listen(Listen.tcp("127.0.0.1", 0)).addTo(builder).stopOnSignal(false).start();
    adminPort = ((InetSocketAddress) server.addresses().getLast()).getPort();
  }

  @AfterEach
  void end() {
    server.close();
  }

  private static List<String> commands() throws IOException {
    String page = Files.readString(PAGE);
    return page.substring(0, page.indexOf("\n## "))
        .lines()
        .filter(line -> line.startsWith("    "))
        .map(String::strip)
        .toList();
  }

  private String run(String command, long id) throws Exception {
    // The jar is made after the tests: here are its classes.
    String classes =
        Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    String here =
        command
            .replace(
                "-jar toolkit/admin/target/plainweave-admin-0.1.0-SNAPSHOT.jar",
                "-cp " + classes + " " + Main.class.getName())
            .replace("PID", Long.toString(ProcessHandle.current().pid()))
            .replace(":9900", ":" + adminPort)
            .replace("/17/", "/" + id + "/");
    var builder = new ProcessBuilder("sh", "-c", here).redirectErrorStream(true);
    builder.environment().merge("PATH", BIN.toString(), (path, bin) -> bin + ":" + path);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), () -> here + ": " + output);
    return output;
  }

  @Test
  void hasFiveCommandsThatDoWhatItSays() throws Exception {
    Programs.need("curl");
    List<String> commands = commands();
    assertEquals(5, commands.size(), commands::toString);
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      client.getOutputStream().write('a');
      assertEquals('a', client.getInputStream().read());
      long id =
          server.live().connections().filter(it -> it.isOf("echo")).findFirst().orElseThrow().id();

      String list = run(commands.get(0), id);
      assertTrue(
          list.lines().anyMatch(line -> line.contains("echo") && line.contains("" + id)), list);
      String tree = run(commands.get(1), id);
      assertTrue(
          tree.lines()
              .anyMatch(
                  line -> line.contains(" at echo ") && line.contains(": waits for input at ")),
          tree);
      assertTrue(run(commands.get(2), id).contains("Started recording"));
      run("jcmd PID JFR.stop name=plainweave", id);
      run(commands.get(3), id);
      assertTrue(server.awaitConnections(0, Duration.ofSeconds(30)));
      assertEquals(1, server.live().status().closed(CloseReason.EndedByOperator.class));
      run(commands.get(4), id);
      assertTrue(server.awaitTermination(Duration.ofSeconds(30)));
    }
  }

  /** The jar is what its manifest says. */
  @Test
  void namesTheJarThatIsBuilt() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    assertTrue(pom.contains("<mainClass>" + Main.class.getName() + "</mainClass>"));
    assertTrue(pom.contains("<version>0.1.0-SNAPSHOT</version>"));
  }
}
