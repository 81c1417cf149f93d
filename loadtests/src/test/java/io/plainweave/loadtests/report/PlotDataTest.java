package io.plainweave.loadtests.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class PlotDataTest {
  private static final RunReport SMALL = SampleReports.small();

  @Test
  void seriesOfOnePanelShareAPlotOnlyIfTheyShareAUnit() {
    assertEquals(
        List.of("Rate: a, c", "Memory (B): b, e", "Memory (%): d"),
        titles(
            series("a", "/s", Panel.RATE),
            series("b", "B", Panel.MEMORY),
            series("c", "/s", Panel.RATE),
            series("d", "%", Panel.MEMORY),
            series("e", "B", Panel.MEMORY)));
  }

  @Test
  void theOrderOfPlotsIsThatOfThePanels() {
    assertEquals(
        List.of("Connections: b", "Memory: a"),
        titles(series("a", "B", Panel.MEMORY), series("b", "", Panel.CONNECTIONS)));
  }

  @Test
  void anUnknownValueIsAGap() {
    assertNull(PlotData.of(SMALL).plots().getFirst().lines().getFirst().y().getLast());
  }

  @Test
  void theEndIsThatOfWhatCameLast() {
    assertEquals(2.5, PlotData.of(SMALL).end());
  }

  @Test
  void aCurveEndsWithTheSlowestOfAll() {
    PlotData.Line curve = PlotData.of(SMALL).curves().getFirst();
    assertEquals(Math.log10(2_000), curve.x().getLast().doubleValue(), 1e-4);
    assertEquals(20, curve.y().getLast().doubleValue(), 0.02);
  }

  private static Series series(String name, String unit, Panel panel) {
    return new Series(name, unit, panel, new double[] {0, 1}, new double[] {1, 2});
  }

  private static List<String> titles(Series... series) {
    RunReport report =
        new RunReport(
            "million",
            SMALL.environment(),
            List.of(),
            List.of(),
            List.of(),
            Arrays.asList(series),
            List.of(),
            List.of(),
            List.of());
    return PlotData.of(report).plots().stream()
        .map(it -> it.title() + ": " + names(it.lines()))
        .toList();
  }

  private static String names(List<PlotData.Line> lines) {
    return String.join(", ", lines.stream().map(PlotData.Line::name).toList());
  }
}
