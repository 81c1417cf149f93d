package io.plainweave.loadtests.merge;

import io.plainweave.loadtests.report.Environment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Where the parts of a run ran: what they have in common once, what differs by its generator. */
final class MergedEnvironment {
  private MergedEnvironment() {}

  static Environment of(List<Part> parts, String commandLine) {
    Map<String, String> flags = common(parts, Environment::flags);
    parts.forEach(
        part -> flags.put(part.name() + " command", part.report().environment().commandLine()));
    return new Environment(
        parts.stream()
            .map(part -> part.report().environment().date())
            .max(String::compareTo)
            .orElseThrow(),
        merged(parts, part -> part.report().environment().machine()),
        merged(parts, part -> part.report().environment().kernel()),
        merged(parts, part -> part.report().environment().jdk()),
        merged(parts, part -> part.report().environment().commit()),
        commandLine,
        flags,
        common(parts, Environment::kernelSettings));
  }

  private static String merged(List<Part> parts, Function<Part, String> value) {
    Map<String, List<String>> names =
        parts.stream()
            .collect(
                Collectors.groupingBy(
                    value,
                    LinkedHashMap::new,
                    Collectors.mapping(Part::name, Collectors.toList())));
    return names.size() == 1
        ? names.keySet().iterator().next()
        : names.entrySet().stream()
            .map(it -> it.getKey() + " (" + String.join(", ", it.getValue()) + ")")
            .collect(Collectors.joining("; "));
  }

  private static Map<String, String> common(
      List<Part> parts, Function<Environment, Map<String, String>> values) {
    Map<String, String> all = new LinkedHashMap<>();
    for (Part part : parts) {
      for (String key : values.apply(part.report().environment()).keySet()) {
        all.computeIfAbsent(
            key,
            _ ->
                merged(
                    parts,
                    it -> values.apply(it.report().environment()).getOrDefault(key, "unknown")));
      }
    }
    return all;
  }
}
