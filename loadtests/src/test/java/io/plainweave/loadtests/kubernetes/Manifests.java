package io.plainweave.loadtests.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The manifests of the load tests, as they are in the repository. */
final class Manifests {
  static final Path FOLDER = Path.of("kubernetes");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private Manifests() {}

  /** The objects of a file, in its order. */
  static List<JsonNode> read(String file) throws IOException {
    return parse(Files.readString(FOLDER.resolve(file)));
  }

  static List<JsonNode> parse(String text) throws IOException {
    List<JsonNode> objects = new ArrayList<>();
    YAML.readerFor(JsonNode.class).<JsonNode>readValues(text).forEachRemaining(objects::add);
    return objects;
  }

  /** The object of a kind and name. */
  static JsonNode object(String file, String kind, String name) throws IOException {
    return read(file).stream()
        .filter(it -> it.path("kind").asText().equals(kind))
        .filter(it -> it.path("metadata").path("name").asText().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Compares an object with the schema of its kind.
   *
   * @throws RuntimeException if it has a field that is not there, or a value of another type
   */
  static void validate(JsonNode object) throws IOException {
    JsonElement json = JsonParser.parseString(object.toString());
    String kind = object.path("apiVersion").asText() + " " + object.path("kind").asText();
    switch (kind) {
      case "v1 Namespace" ->
          V1Namespace.fromJson(validated(json, V1Namespace::validateJsonElement));
      case "v1 Service" -> V1Service.fromJson(validated(json, V1Service::validateJsonElement));
      case "apps/v1 Deployment" ->
          V1Deployment.fromJson(validated(json, V1Deployment::validateJsonElement));
      case "batch/v1 Job" -> V1Job.fromJson(validated(json, V1Job::validateJsonElement));
      default -> throw new IllegalArgumentException("no schema for " + kind);
    }
  }

  @FunctionalInterface
  private interface Validation {
    void of(JsonElement json) throws IOException;
  }

  private static String validated(JsonElement json, Validation validation) throws IOException {
    validation.of(json);
    return json.toString();
  }
}
