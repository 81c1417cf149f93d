package io.plainweave.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The manifests of a project")
@Timeout(600)
class KubernetesTest {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  @Test
  void fitTheSchema() throws Exception {
    List<JsonNode> objects = parse(manifests());
    assertEquals(
        List.of("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"),
        objects.stream().map(it -> it.path("kind").asText()).toList());
    for (JsonNode object : objects) {
      validate(object);
      assertEquals(Project.NAME, object.path("metadata").path("name").asText());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "readinessProbe:, readynessProbe:",
    "terminationGracePeriodSeconds: 35, terminationGracePeriodSeconds: long",
    "periodSeconds: 2, periodSeconds: often",
    "containerPort: 7000, containerPort: seven",
    "maxUnavailable: 1, maxUnavailabel: 1",
    "targetPort: adder, targetport: adder",
    "podSelector:, podselector:",
    "seconds: 5, secs: 5",
    "readOnlyRootFilesystem: true, readOnlyRootFilesystem: indeed",
  })
  void wouldNotFitWithAWrongField(String right, String wrong) throws Exception {
    String changed = manifests().replace(right, wrong);
    assertNotEquals(manifests(), changed);
    List<JsonNode> objects = parse(changed);
    assertThrows(
        Exception.class,
        () -> {
          for (JsonNode object : objects) {
            validate(object);
          }
        });
  }

  @Test
  void killTheServerOnlyWhenItsDrainIsOver() throws Exception {
    JsonNode pod = pod();
    long pause =
        container().path("lifecycle").path("preStop").path("sleep").path("seconds").asLong();
    assertTrue(pause > 0);
    long grace = pod.path("terminationGracePeriodSeconds").asLong();
    assertTrue(grace >= pause + SystemdTest.drain().toSeconds() + 10, () -> grace + " s");
  }

  /** The Containerfile has the ports and the user, and its test that the server listens there. */
  @Test
  void knowThePortsAndTheUserOfTheImage() throws Exception {
    String containerfile = Project.built().text("Containerfile");
    List<String> ports =
        stream(container().path("ports")).map(port -> port.path("containerPort").asText()).toList();
    assertTrue(containerfile.contains("\nEXPOSE " + String.join(" ", ports) + "\n"));
    String user = pod().path("securityContext").path("runAsUser").asText();
    assertTrue(containerfile.contains("\nUSER " + user + "\n"));
    assertTrue(containerfile.contains("\nENV ADMIN=" + ports.getLast() + "\n"));
  }

  @Test
  void probeTheAdminListenerAndLetClientsReachTheOther() throws Exception {
    for (String probe : List.of("readinessProbe", "livenessProbe")) {
      assertEquals("admin", container().path(probe).path("httpGet").path("port").asText());
    }
    JsonNode ports = object("Service").path("spec").path("ports");
    assertEquals(
        List.of("adder"), stream(ports).map(it -> it.path("targetPort").asText()).toList());
  }

  @Test
  void selectThePodsThatThereAre() throws Exception {
    JsonNode labels =
        object("Deployment").path("spec").path("template").path("metadata").path("labels");
    assertEquals(Project.NAME, labels.path("app").asText());
    assertEquals(labels, object("Service").path("spec").path("selector"));
    assertEquals(labels, matched(object("Deployment").path("spec").path("selector")));
    assertEquals(labels, matched(object("PodDisruptionBudget").path("spec").path("selector")));
    assertEquals(labels, matched(object("NetworkPolicy").path("spec").path("podSelector")));
    JsonNode spread = pod().path("topologySpreadConstraints").path(0);
    assertEquals(labels, matched(spread.path("labelSelector")));
  }

  private static JsonNode matched(JsonNode selector) {
    return selector.path("matchLabels");
  }

  private static String manifests() throws IOException, InterruptedException {
    return Project.built().text("deploy/kubernetes.yaml");
  }

  private static List<JsonNode> parse(String text) throws IOException {
    List<JsonNode> objects = new ArrayList<>();
    YAML.readerFor(JsonNode.class).<JsonNode>readValues(text).forEachRemaining(objects::add);
    return objects;
  }

  private static JsonNode object(String kind) throws IOException, InterruptedException {
    return parse(manifests()).stream()
        .filter(it -> it.path("kind").asText().equals(kind))
        .findFirst()
        .orElseThrow();
  }

  private static JsonNode pod() throws IOException, InterruptedException {
    return object("Deployment").path("spec").path("template").path("spec");
  }

  private static JsonNode container() throws IOException, InterruptedException {
    return pod().path("containers").path(0);
  }

  private static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }

  /**
   * Compares an object with the schema of its kind.
   *
   * @throws RuntimeException if it has a field that is not there, or a value of another type
   */
  private static void validate(JsonNode object) throws IOException {
    String json = object.toString();
    JsonElement element = JsonParser.parseString(json);
    String read =
        switch (object.path("apiVersion").asText() + " " + object.path("kind").asText()) {
          case "apps/v1 Deployment" -> {
            V1Deployment.validateJsonElement(element);
            yield V1Deployment.fromJson(json).toJson();
          }
          case "v1 Service" -> {
            V1Service.validateJsonElement(element);
            yield V1Service.fromJson(json).toJson();
          }
          case "policy/v1 PodDisruptionBudget" -> {
            V1PodDisruptionBudget.validateJsonElement(element);
            yield V1PodDisruptionBudget.fromJson(json).toJson();
          }
          case "networking.k8s.io/v1 NetworkPolicy" -> {
            V1NetworkPolicy.validateJsonElement(element);
            yield V1NetworkPolicy.fromJson(json).toJson();
          }
          default -> throw new IllegalArgumentException("no schema for " + object);
        };
    // Of what is no boolean it reads one all the same, for example.
    if (!isIn(object, YAML.readTree(read))) {
      throw new IllegalArgumentException("what is read of " + json + " is " + read);
    }
  }

  /** Whether all values of the one are in the other, which may have more. */
  private static boolean isIn(JsonNode part, JsonNode whole) {
    if (part.isObject()) {
      return part.propertyStream()
          .allMatch(field -> isIn(field.getValue(), whole.path(field.getKey())));
    }
    if (part.isArray()) {
      return part.size() == whole.size()
          && IntStream.range(0, part.size()).allMatch(i -> isIn(part.get(i), whole.get(i)));
    }
    return part.equals(whole);
  }
}
