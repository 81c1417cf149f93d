package io.plainweave.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.Client;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Blocks with a main method: the first line names the file, and what is said to it stands here. */
@DisplayName("The programs of the guide")
@Timeout(60)
class ProgramsTest {
  private static final Pattern NAME = Pattern.compile("^// (\\w+)(?:\\.java)?:");
  private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)");

  /** What a client says, and what it hears until the server has finished. */
  private record Talk(String says, String hears) {}

  private static final Map<String, Talk> TALKS =
      Map.of(
          "Echo", new Talk("hello\n", "hello\n"),
          "Hello", new Talk("Ada\nGrace\n", "hello Ada\nhello Grace\n"),
          "Votes",
              new Talk(
                  "VOTE tea\r\nvote\r\nVOTE tea\r\nTALLY\r\nQUIT\r\n",
                  "OK 1\r\nERROR VOTE NAME, TALLY or QUIT\r\nOK 2\r\ncoffee 0\r\ntea 2\r\nEND\r\nBYE\r\n"));

  @TempDir Path folder;

  @Test
  void areCompiledAndRun() throws Exception {
    Map<String, Path> programs = programs();
    assertEquals(TALKS.keySet(), programs.keySet());
    compile(List.copyOf(programs.values()));
    var servers = new LinkedHashMap<String, Process>();
    try {
      for (String name : TALKS.keySet()) {
        servers.put(name, start(name));
      }
      for (Map.Entry<String, Process> server : servers.entrySet()) {
        talk(server.getValue(), TALKS.get(server.getKey()));
      }
    } finally {
      servers.values().forEach(Process::destroyForcibly);
    }
  }

  private Map<String, Path> programs() throws IOException {
    var programs = new LinkedHashMap<String, Path>();
    for (Page page : Page.guide()) {
      for (Page.Block block : page.blocks()) {
        if (block.language().equals("java") && block.code().contains("\nvoid main(")) {
          Matcher name = NAME.matcher(block.code());
          assertTrue(name.find(), () -> "no name of a file: " + block.code());
          Path file = folder.resolve(name.group(1) + ".java");
          programs.put(name.group(1), Files.writeString(file, block.code()));
        }
      }
    }
    return programs;
  }

  /** All of them in one go, in this process. */
  private void compile(List<Path> files) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    assertNotNull(compiler);
    var arguments =
        new ArrayList<>(
            List.of("-proc:none", "-d", folder.toString(), "-cp", classPath(), "-Xlint:all"));
    files.forEach(file -> arguments.add(file.toString()));
    assertEquals(0, compiler.run(null, null, null, arguments.toArray(String[]::new)));
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }

  private Process start(String name) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            folder + ":" + classPath(),
            name,
            "127.0.0.1:0")
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static void talk(Process server, Talk talk) throws Exception {
    try (var output = server.inputReader()) {
      String line = String.valueOf(output.readLine());
      Matcher listening = LISTENING.matcher(line);
      assertTrue(listening.find(), line);
      int port = Integer.parseInt(listening.group(1));
      try (Client client = new Client(new Socket("127.0.0.1", port))) {
        client.send(talk.says());
        client.finish();
        assertEquals(talk.hears(), client.receiveAll());
      }
      server.destroy(); // SIGTERM
      assertTrue(server.waitFor(30, TimeUnit.SECONDS));
      assertEquals(143, server.exitValue());
    }
  }
}
