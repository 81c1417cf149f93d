package io.plainweave.loadtests.report;

/** The plot that a series belongs to. Series of different units never share one. */
public enum Panel {
  CONNECTIONS("Connections"),
  RATE("Rate"),
  LATENCY("Latency over time"),
  MEMORY("Memory"),
  PROCESSOR("Processor time"),
  ERRORS("Errors");

  private final String title;

  Panel(String title) {
    this.title = title;
  }

  /** The heading of the plot. */
  public String title() {
    return title;
  }
}
