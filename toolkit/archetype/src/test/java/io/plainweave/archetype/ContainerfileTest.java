package io.plainweave.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The Containerfile of a project")
@Timeout(600)
class ContainerfileTest {
  @TempDir private Path folder;

  /** Each COPY and RUN of it, then its entry point as the engine starts it. */
  @Test
  void makesAnImageWhoseServerDrains() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root can enter a stage");
    Project project = Project.built();
    Containerfile.Stage image = new Containerfile(project.folder(), folder).build();
    assertEquals(List.of("7000", "9900"), image.ports());

    List<String> command = new ArrayList<>(image.entryPoint());
    // If the cache does not fit, the JVM says so and ends; it would only be slower without this.
    command.add(1, "-XX:AOTMode=on");
    command.add("0");
    Map<String, String> environment = new HashMap<>(image.environment());
    assertEquals("9900", environment.put("ADMIN", "0"));
    environment.put("JAVA_TOOL_OPTIONS", "");
    try (var server = ServerProcess.startBehind(folder, environment, image.inside("ro", command))) {
      assertEquals(List.of("[::]", "[::]"), server.hosts());
      server.talkAndDrain();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"VOLUME /data", "COPY one two three/", "ENTRYPOINT java -jar it.jar"})
  void isRefusedByThisTestWithWhatTheTestDoesNotKnow(String line) throws Exception {
    Files.writeString(folder.resolve("Containerfile"), "FROM scratch\n" + line + "\n");
    var file = new Containerfile(folder, folder);
    assertThrows(IllegalArgumentException.class, file::build);
  }
}
