package io.plainweave.loadtests.kubernetes;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.plainweave.loadtests.Main;
import io.plainweave.loadtests.control.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParseResult;

@DisplayName("The manifests for Kubernetes")
@Timeout(60)
final class ManifestsTest {
  private static final String SERVER = "server.yaml";
  private static final String GENERATORS = "generators.yaml";

  @ParameterizedTest
  @ValueSource(strings = {"namespace.yaml", SERVER, GENERATORS})
  void fitTheSchema(String file) throws Exception {
    List<JsonNode> objects = Manifests.read(file);

    assertTrue(!objects.isEmpty());
    for (JsonNode object : objects) {
      Manifests.validate(object);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "server.yaml, readinessProbe:, readinesProbe:",
    "server.yaml, periodSeconds: 5, periodSeconds: often",
    "server.yaml, containerPort: 7000, containerPort: seven",
    "server.yaml, '  selector:\n    matchLabels:\n      app: server\n', ''",
    "generators.yaml, completionMode:, completionmode:",
    "generators.yaml, whenUnsatisfiable:, whenUnsatisfied:",
    "generators.yaml, emptyDir:, emptyDirectory:",
    "generators.yaml, topologyKey:, topologieKey:",
  })
  void wouldNotFitWithAWrongField(String file, String right, String wrong) throws Exception {
    String text = Files.readString(Manifests.FOLDER.resolve(file));
    String changed = text.replace(right, wrong);
    assertNotEquals(text, changed);

    List<JsonNode> objects = Manifests.parse(changed);

    assertThrows(
        Exception.class,
        () -> {
          for (JsonNode object : objects) {
            Manifests.validate(object);
          }
        });
  }

  @Test
  void nameCommandsAndOptionsThatThereAre() throws Exception {
    List<String> commands = new ArrayList<>();
    for (String file : List.of(SERVER, GENERATORS)) {
      for (JsonNode object : Manifests.read(file)) {
        for (JsonNode container : containers(object)) {
          commandLines(container)
              .forEach(line -> {
                commands.add(line.getFirst());
                assertDoesNotThrow(() -> parse(line), line::toString);
              });
        }
      }
    }
    assertEquals(List.of("serve", "start", "million"), commands);
  }

  @Test
  void letTheServerListenWhereItsServiceAndItsProbeSay() throws Exception {
    JsonNode pod = pod(SERVER, "Deployment", "server");

    assertPorts(pod, Manifests.object(SERVER, "Service", "server"), portOf(command(pod)));
  }

  @Test
  void letTheStartSignalListenWhereItsServiceAndItsProbeSay() throws Exception {
    JsonNode pod = pod(GENERATORS, "Job", "start");

    assertPorts(pod, Manifests.object(GENERATORS, "Service", "start"), portOf(command(pod)));
  }

  @Test
  void sendTheGeneratorsToTheServerAndToTheStartSignal() throws Exception {
    ParseResult generator = command(pod(GENERATORS, "Job", "generators"));

    assertEquals(
        List.of(service(SERVER, "server")), generator.matchedOptionValue("--target", List.of()));
    assertEquals(service(GENERATORS, "start"), generator.matchedOptionValue("--start", null));
  }

  @Test
  void awaitTheServerWhereTheGeneratorsGo() throws Exception {
    JsonNode pod = pod(GENERATORS, "Job", "generators");
    String script = pod.path("spec").path("initContainers").path(0).path("args").path(0).asText();
    Target server = service(SERVER, "server");

    assertTrue(script.contains("/dev/tcp/" + server.host() + "/" + server.port() + ")"), script);
  }

  @Test
  void startAsManyGeneratorsAsTheSignalWaitsFor() throws Exception {
    JsonNode job = Manifests.object(GENERATORS, "Job", "generators").path("spec");
    int awaited = command(pod(GENERATORS, "Job", "start")).matchedOptionValue("-n", 0);

    assertEquals(awaited, job.path("completions").asInt());
    assertEquals(awaited, job.path("parallelism").asInt());
    assertEquals("Indexed", job.path("completionMode").asText());
  }

  @Test
  void leaveTheServerTheTimeOfItsDrain() throws Exception {
    JsonNode pod = pod(SERVER, "Deployment", "server");
    JsonNode preStop =
        containers(pod).getFirst().path("lifecycle").path("preStop").path("exec").path("command");
    assertEquals("sleep", preStop.path(0).asText());
    Duration drain = command(pod).matchedOptionValue("--drain", Duration.ZERO);

    long grace = pod.path("spec").path("terminationGracePeriodSeconds").asLong();

    assertTrue(drain.isPositive());
    // And a second for connections that were reset, and a few for what the server tells at its end.
    assertTrue(
        grace >= preStop.path(1).asLong() + drain.toSeconds() + 5,
        () -> grace + " s are too short");
  }

  @Test
  void keepTheReportWhereAVolumeIs() throws Exception {
    JsonNode pod = pod(GENERATORS, "Job", "generators");
    JsonNode generator = containers(pod).getFirst();
    Path out = command(pod).matchedOptionValue("--out", Path.of("/nowhere"));

    assertEquals(out.toString(), generator.path("volumeMounts").path(0).path("mountPath").asText());
    assertEquals(
        generator.path("volumeMounts").path(0).path("name"),
        pod.path("spec").path("volumes").path(0).path("name"));
    assertTrue(generator.path("args").path(0).asText().contains("cat " + out + "/report.json\n"));
  }

  @Test
  void selectThePodsThatTheyMean() throws Exception {
    assertSelects(SERVER, "server", pod(SERVER, "Deployment", "server"));
    assertSelects(GENERATORS, "start", pod(GENERATORS, "Job", "start"));
    assertEquals(
        Manifests.object(SERVER, "Deployment", "server")
            .path("spec")
            .path("selector")
            .path("matchLabels"),
        pod(SERVER, "Deployment", "server").path("metadata").path("labels"));
  }

  @Test
  void areAllInTheKustomizationWithOneImage() throws Exception {
    JsonNode kustomization = Manifests.read("kustomization.yaml").getFirst();
    String image = kustomization.path("images").path(0).path("name").asText();

    for (JsonNode resource : kustomization.path("resources")) {
      for (JsonNode object : Manifests.read(resource.asText())) {
        containers(object).forEach(it -> assertEquals(image, it.path("image").asText()));
      }
    }
    assertEquals(
        kustomization.path("namespace"),
        Manifests.read("namespace.yaml").getFirst().path("metadata").path("name"));
    try (Stream<Path> files = Files.list(Manifests.FOLDER)) {
      assertEquals(
          files
              .map(it -> it.getFileName().toString())
              .filter(it -> it.endsWith(".yaml") && !it.equals("kustomization.yaml"))
              .sorted()
              .toList(),
          StreamSupport.stream(kustomization.path("resources").spliterator(), false)
              .map(JsonNode::asText)
              .sorted()
              .toList());
    }
  }

  private static void assertPorts(JsonNode pod, JsonNode service, int port) {
    JsonNode container = containers(pod).getFirst();
    String name = container.path("ports").path(0).path("name").asText();
    assertEquals(port, container.path("ports").path(0).path("containerPort").asInt());
    assertEquals(name, container.path("readinessProbe").path("tcpSocket").path("port").asText());
    assertEquals(name, service.path("spec").path("ports").path(0).path("targetPort").asText());
    // Headless: nothing translates the port of the service to that of the pod.
    assertEquals("None", service.path("spec").path("clusterIP").asText());
    assertEquals(port, service.path("spec").path("ports").path(0).path("port").asInt());
  }

  private static void assertSelects(String file, String service, JsonNode pod) throws IOException {
    assertEquals(
        Manifests.object(file, "Service", service).path("spec").path("selector"),
        pod.path("metadata").path("labels"));
  }

  private static Target service(String file, String name) throws IOException {
    JsonNode service = Manifests.object(file, "Service", name);
    return new Target(name, service.path("spec").path("ports").path(0).path("port").asInt());
  }

  private static int portOf(ParseResult command) {
    return switch (command.matchedOptionValue("--port", (Object) null)) {
      case Integer port -> port;
      case List<?> ports -> (Integer) ports.getFirst();
      default -> throw new AssertionError("no --port");
    };
  }

  private static JsonNode pod(String file, String kind, String name) throws IOException {
    return Manifests.object(file, kind, name).path("spec").path("template");
  }

  /** The containers of a pod, of what has a template of one, or none. */
  private static List<JsonNode> containers(JsonNode object) {
    JsonNode pod = object.path("spec").path("template");
    JsonNode spec = (pod.isMissingNode() ? object : pod).path("spec");
    return StreamSupport.stream(spec.path("containers").spliterator(), false).toList();
  }

  private static ParseResult command(JsonNode pod) {
    return parse(commandLines(containers(pod).getFirst()).getFirst());
  }

  private static ParseResult parse(List<String> arguments) {
    return Main.commandLine().parseArgs(arguments.toArray(String[]::new)).subcommand();
  }

  /** What a container runs of the load tests: its arguments, or lines of its script. */
  private static List<List<String>> commandLines(JsonNode container) {
    Stream<String> arguments =
        StreamSupport.stream(container.path("args").spliterator(), false).map(JsonNode::asText);
    if (container.path("command").isMissingNode()) {
      return List.of(arguments.toList());
    }
    return arguments
        .flatMap(String::lines)
        .filter(line -> line.startsWith("loadtests "))
        .map(line -> List.of(line.substring("loadtests ".length()).split(" ")))
        .toList();
  }
}
