package io.plainweave.loadtests.merge;

import io.plainweave.loadtests.report.Expectation;
import io.plainweave.loadtests.report.Figure;
import io.plainweave.loadtests.report.Latencies;
import io.plainweave.loadtests.report.Pause;
import io.plainweave.loadtests.report.RunReport;
import io.plainweave.loadtests.report.TimedPhase;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/** Makes one report of those of several generators. */
final class Merging {
  private final List<Part> parts;
  private final List<String> missing;
  private final String commandLine;

  /**
   * Takes what there is.
   *
   * @param parts at least one, all of the same command
   * @param missing a sentence for each part that should be there
   * @param commandLine of the merge
   */
  Merging(List<Part> parts, List<String> missing, String commandLine) {
    this.parts = parts;
    this.missing = missing;
    this.commandLine = commandLine;
  }

  RunReport report() {
    return new RunReport(
        parts.getFirst().report().command(),
        MergedEnvironment.of(parts, commandLine),
        figures(),
        expectations(),
        phases(),
        MergedSeries.of(parts),
        latencies(),
        pauses(),
        notes());
  }

  private List<Figure> figures() {
    List<Figure> merged = new ArrayList<>();
    byName(RunReport::figures, Figure::name)
        .forEach((name, all) -> {
          if (name.equals(RunReport.GENERATORS)) {
            return; // told below, with those that are missing
          }
          switch (all.getFirst().merge()) {
            case SUM -> merged.add(sum(all));
            case MAX -> merged.add(largest(all));
            case NONE -> {} // told in a note
          }
        });
    merged.addFirst(
        new Figure(
            RunReport.GENERATORS,
            generators(),
            "",
            String.format(Locale.ROOT, "%,d", generators()),
            Figure.Merge.MAX));
    return merged;
  }

  private static Figure sum(List<Figure> all) {
    Figure first = all.getFirst();
    double value = all.stream().mapToDouble(Figure::value).sum();
    String text = String.format(Locale.ROOT, "%,.0f%s", value, first.unit());
    return new Figure(first.name(), value, first.unit(), text, first.merge());
  }

  private static Figure largest(List<Figure> all) {
    return all.stream().max(Comparator.comparingDouble(Figure::value)).orElseThrow();
  }

  /** How many generators there were, as far as the parts or their folders tell. */
  private int generators() {
    int told =
        parts.stream()
            .flatMap(part -> part.report().figures().stream())
            .filter(figure -> figure.name().equals(RunReport.GENERATORS))
            .mapToInt(figure -> (int) figure.value())
            .max()
            .orElse(0);
    return Math.max(told, parts.size() + missing.size());
  }

  private List<Expectation> expectations() {
    List<Expectation> merged = new ArrayList<>();
    List<String> seen = new ArrayList<>(missing);
    seen.addFirst(String.format(Locale.ROOT, "%,d of %,d", parts.size(), generators()));
    merged.add(
        new Expectation(
            "every generator reports", parts.size() == generators(), String.join("; ", seen)));
    Map<String, Map<String, Expectation>> byText = new LinkedHashMap<>();
    for (Part part : parts) {
      for (Expectation expectation : part.report().expectations()) {
        byText
            .computeIfAbsent(expectation.text(), _ -> new LinkedHashMap<>())
            .put(part.name(), expectation);
      }
    }
    byText.forEach((text, byPart) -> merged.add(expectation(text, byPart)));
    return merged;
  }

  /** It holds if it has held everywhere; a generator that came to its end early has not got it. */
  private Expectation expectation(String text, Map<String, Expectation> byPart) {
    String failed =
        byPart.entrySet().stream()
            .filter(it -> !it.getValue().held())
            .map(it -> it.getKey() + ": " + it.getValue().seen())
            .collect(Collectors.joining("; "));
    if (!failed.isEmpty()) {
      return new Expectation(text, false, failed);
    }
    if (byPart.size() < parts.size()) {
      String without =
          parts.stream()
              .map(Part::name)
              .filter(name -> !byPart.containsKey(name))
              .collect(Collectors.joining(", "));
      return new Expectation(text, false, "not looked at in " + without);
    }
    List<String> seen = byPart.values().stream().map(Expectation::seen).distinct().toList();
    return new Expectation(
        text, true, seen.size() == 1 ? seen.getFirst() + " each" : String.join("; ", seen));
  }

  private List<TimedPhase> phases() {
    return byName(RunReport::phases, TimedPhase::name).values().stream()
        .map(all ->
            new TimedPhase(
                all.getFirst().name(),
                all.stream().mapToDouble(TimedPhase::from).min().orElseThrow(),
                all.stream().mapToDouble(TimedPhase::to).max().orElseThrow()))
        .sorted(Comparator.comparingDouble(TimedPhase::from))
        .toList();
  }

  private List<Latencies> latencies() {
    return byName(RunReport::latencies, Latencies::name).values().stream()
        .map(all -> {
          Histogram sum = new Histogram(3);
          all.forEach(it -> sum.add(it.histogram()));
          return new Latencies(all.getFirst().name(), sum);
        })
        .toList();
  }

  private List<Pause> pauses() {
    return parts.stream()
        .flatMap(part ->
            part.report().pauses().stream()
                .map(it ->
                    new Pause(
                        part.name() + " " + it.process(), it.second(), it.millis(), it.cause())))
        .toList();
  }

  private List<String> notes() {
    List<String> notes = new ArrayList<>();
    parts.stream().flatMap(part -> part.report().notes().stream()).distinct().forEach(notes::add);
    String left =
        byName(RunReport::figures, Figure::name).entrySet().stream()
            .filter(it -> it.getValue().getFirst().merge() == Figure.Merge.NONE)
            .map(Map.Entry::getKey)
            .collect(Collectors.joining(", "));
    if (!left.isEmpty()) {
      notes.add("In the reports of the generators only: " + left + ".");
    }
    return notes;
  }

  /** All of one kind that the parts have, those of one name together, in the order of the parts. */
  private <T> Map<String, List<T>> byName(
      Function<RunReport, List<T>> kind, Function<T, String> name) {
    return parts.stream()
        .flatMap(part -> kind.apply(part.report()).stream())
        .collect(Collectors.groupingBy(name, LinkedHashMap::new, Collectors.toList()));
  }
}
