package io.plainweave.loadtests.report;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.PrintWriter;
import java.util.List;

/**
 * What a run found.
 *
 * @param command the name of what ran, such as "million"
 * @param environment where and with what it ran
 * @param figures in the order in which they are shown
 * @param expectations what had to hold; the run is fine if all of them did
 * @param phases in the order of time
 * @param series what was sampled while it ran
 * @param latencies of the messages, by kind
 * @param pauses of the garbage collectors, in any order
 * @param notes what has to be known to read the report, a sentence each
 */
@JsonIgnoreProperties(value = "fine", allowGetters = true)
public record RunReport(
    String command,
    Environment environment,
    List<Figure> figures,
    List<Expectation> expectations,
    List<TimedPhase> phases,
    List<Series> series,
    List<Latencies> latencies,
    List<Pause> pauses,
    List<String> notes) {

  /** The name of the figure that tells how many generators a run has on how many machines. */
  public static final String GENERATORS = "generators";

  public RunReport {
    figures = List.copyOf(figures);
    expectations = List.copyOf(expectations);
    phases = List.copyOf(phases);
    series = List.copyOf(series);
    latencies = List.copyOf(latencies);
    pauses = List.copyOf(pauses);
    notes = List.copyOf(notes);
  }

  /** Whether all expectations held. */
  @JsonProperty("fine")
  public boolean isFine() {
    return expectations.stream().allMatch(Expectation::held);
  }

  /** Prints the report as a table for a terminal. */
  public void print(PrintWriter out) {
    new TerminalTable(out).print(this);
  }
}
