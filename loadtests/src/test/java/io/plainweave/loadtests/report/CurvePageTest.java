package io.plainweave.loadtests.report;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.interactions.Actions;

/** The page of curves in a real browser. */
@Timeout(60)
final class CurvePageTest {
  private static final int LINES = 9;
  private static final List<Integer> CONNECTIONS = List.of(1, 10, 100, 1_000, 10_000);

  private static Browser browser;

  @TempDir private Path folder;

  @BeforeAll
  static void start(@TempDir Path files) {
    browser = Browser.start(files);
  }

  @AfterAll
  static void quit() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void reset() {
    browser.resize(1280, 900);
    browser.prefer("light");
  }

  @Test
  void drawsEachLineInItsOwnColorWithoutTheNetwork() throws IOException {
    show();
    assertEquals(List.of(), browser.errors());
    assertEquals(List.of(page().toUri().toString()), browser.requests());
    assertEquals(List.of("Rate", "Beside <idle>"), browser.texts("figure h3"));
    for (int color = 1; color <= LINES; color++) {
      assertTrue(browser.colored("--series-" + color).getFirst() > 100, "color " + color);
    }
    // The one line of the second plot has the last color there, too.
    assertTrue(browser.colored("--series-9").getLast() > 100);
    assertEquals(0, browser.colored("--series-1").getLast());
  }

  @Test
  void leavesOutASectionWithNothingInIt() throws IOException {
    show();
    assertEquals(List.of("Over connections", "Ends", "Where and how"), browser.texts("section h2"));
  }

  @Test
  void showsTablesAndSentences() throws IOException {
    show();
    assertEquals(
        List.of("model 0", "1,000", "12"), browser.texts(".scroll tbody tr:first-child > *"));
    assertEquals("not measured", browser.find(".scroll .sentence").getText());
    assertEquals(List.of("by <memory>"), browser.texts(".sentences dd"));
  }

  @Test
  void showsTheValuesAtTheNumberOfConnectionsUnderThePointer() throws IOException {
    show();
    assertEquals("highest", at());
    int width = browser.find(".plots .u-over").getSize().getWidth();
    new Actions(browser.driver())
        .moveToElement(browser.find(".plots .u-over"), width / 2 - 1, 0)
        .perform();
    await().until(() -> at().equals("10,000 connections"));
    assertEquals("10,000/s", browser.texts(".plots figure:first-child .u-value").get(1));
  }

  @Test
  void fitsAPhone() throws IOException {
    browser.resize(390, 844);
    show();
    assertEquals(390L, browser.run("return document.documentElement.scrollWidth"));
    assertEquals(List.of(), browser.errors());
  }

  @Test
  void followsTheColorScheme() throws IOException {
    show();
    browser.prefer("dark");
    // The variable is the dark one now, and the plots were drawn again with it.
    await().until(() -> browser.colored("--series-9").stream().allMatch(pixels -> pixels > 100));
  }

  private void show() throws IOException {
    List<CurvePage.Line> lines = new ArrayList<>();
    for (int i = 0; i < LINES; i++) {
      int factor = i + 1;
      lines.add(
          new CurvePage.Line(
              "model " + i,
              i,
              CONNECTIONS,
              IntStream.range(0, CONNECTIONS.size())
                  .mapToObj(at -> CONNECTIONS.get(at) * factor)
                  .toList()));
    }
    new CurvePage(
            "models",
            SampleReports.small().environment(),
            List.of(new Figure("memory", 1_900, "B", "1.9 kB a connection")),
            List.of("A note."),
            List.of(
                new CurvePage.Section(
                    "Over connections",
                    "connections",
                    true,
                    List.of(
                        new CurvePage.Plot("Rate", "/s", true, lines),
                        new CurvePage.Plot("Beside <idle>", "µs", false, List.of(lines.getLast()))),
                    List.of(
                        new CurvePage.Table(
                            "Busy",
                            List.of("", "rate", "switches"),
                            List.of(
                                List.of("model 0", "1,000", "12"),
                                List.of("model 1", "not measured"))))),
                new CurvePage.Section("Empty", "", false, List.of(), List.of()),
                new CurvePage.Section(
                    "Ends",
                    "",
                    false,
                    List.of(),
                    List.of(
                        new CurvePage.Table(
                            "", List.of(), List.of(List.of("model 0", "by <memory>")))))))
        .write(page());
    browser.open(page());
  }

  private Path page() {
    return folder.resolve("page.html");
  }

  private static String at() {
    return browser.texts(".plots figure:first-child .u-series:first-child .u-value").getFirst();
  }
}
