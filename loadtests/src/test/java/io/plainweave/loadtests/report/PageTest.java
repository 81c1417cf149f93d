package io.plainweave.loadtests.report;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;

/** The page in a real browser. */
@Timeout(60)
final class PageTest {
  private static final RunReport MILLION = SampleReports.million();
  private static final RunReport SMALL = SampleReports.small();

  private static Browser browser;

  @TempDir Path folder;

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
  void loadsWithoutErrorsAndWithoutTheNetwork() throws IOException {
    show(MILLION);
    assertEquals(List.of(), browser.errors());
    assertEquals(List.of(page().toUri().toString()), browser.requests());
  }

  @Test
  void drawsEveryPlot() throws IOException {
    show(MILLION);
    assertEquals(
        List.of(
            "Connections",
            "Rate",
            "Latency over time",
            "Memory",
            "Processor time",
            "Pauses of the garbage collectors",
            "By percentile"),
        browser.texts("figure h3"));
    assertAll(
        browser.colored("--series-1").stream()
            .map(pixels -> () -> assertTrue(pixels > 100, () -> pixels + " pixels drawn")));
  }

  @Test
  void showsTheFiguresOfTheReport() throws IOException {
    show(MILLION);
    assertEquals(
        MILLION.figures().stream().map(Figure::name).toList(), browser.texts(".figures dt"));
    assertEquals(
        MILLION.figures().stream().map(Figure::text).toList(), browser.texts(".figures dd"));
  }

  @Test
  void showsAFailedExpectationFirst() throws IOException {
    show(SMALL);
    assertEquals("1 of 2 expectations failed", browser.find(".verdict").getText());
    WebElement first = browser.find(".expectations li");
    assertEquals("failed\nevery connection answers the sweep\n1,999 of 2,000", first.getText());
    assertTrue(first.getRect().getY() < 400, "it is seen without scrolling");
  }

  @Test
  void saysThatAllExpectationsHeld() throws IOException {
    show(MILLION);
    assertEquals("All 5 expectations held", browser.find(".verdict").getText());
  }

  @Test
  void showsTheValuesUnderThePointerInAllPlotsOverTime() throws IOException {
    show(MILLION);
    assertEquals("highest", at(0));
    WebElement plot = browser.find("#plots .u-over");
    new Actions(browser.driver()).moveToElement(plot).perform();
    await().until(() -> !at(0).equals("highest"));
    assertTrue(at(0).endsWith(" ramp"), () -> at(0));
    for (int i = 1; i < 6; i++) {
      // Each shows its sample that is nearest, and pauses are seconds apart.
      assertEquals(seconds(at(0)), seconds(at(i)), 10);
    }
    String open = browser.texts("#plots figure:first-child .u-value").getLast();
    assertNotEquals("1,000,000", open);
    assertTrue(open.matches("6\\d\\d,\\d{3}"), () -> open);
  }

  @Test
  void showsTheLatenciesOfThePercentileUnderThePointer() throws IOException {
    show(MILLION);
    WebElement plot = browser.find("#curves .u-over");
    int right = plot.getSize().getWidth() / 2 - 1;
    new Actions(browser.driver()).moveToElement(plot, right, 0).perform();
    // The slowest of 200,000.
    await().until(() -> browser.texts("#curves .u-value").getFirst().equals("99.99950 %"));
    assertEquals("221.6 ms", browser.texts("#curves .u-value").get(1));
    assertEquals(
        List.of("in the ramp", "4.02", "12.82", "34.05", "65.01", "221.64", "200,000"),
        browser.texts("#curves + .scroll tbody tr:first-child > *"));
  }

  @Test
  void zoomsAllPlotsOverTimeTogether() throws IOException {
    show(MILLION);
    WebElement first = browser.find("#plots .u-over");
    int fifth = first.getSize().getWidth() / 5;
    new Actions(browser.driver())
        .moveToElement(first, -fifth, 0)
        .clickAndHold()
        .moveByOffset(fifth, 0)
        .release()
        .perform();
    WebElement second = browser.find("#plots figure:nth-child(2) .u-over");
    int end = second.getSize().getWidth() / 2 - 1;
    new Actions(browser.driver()).moveToElement(second, end, 0).perform();
    await().until(() -> at(1).startsWith("10:4")); // half of the run
    new Actions(browser.driver()).doubleClick().perform();
    await().until(() -> at(1).startsWith("21:2")); // the end of the run
  }

  @Test
  void fitsAPhone() throws IOException {
    browser.resize(390, 844);
    show(MILLION);
    assertEquals(390L, browser.run("return document.documentElement.scrollWidth"));
    assertEquals(List.of(), browser.errors());
  }

  @Test
  void followsTheWindow() throws IOException {
    show(MILLION);
    browser.resize(390, 844);
    await().until(() -> browser.run("return document.documentElement.scrollWidth").equals(390L));
    assertTrue(browser.find("#plots .u-wrap").getRect().getWidth() <= 390);
  }

  @Test
  void followsTheColorScheme() throws IOException {
    show(MILLION);
    String light = browser.find("body").getCssValue("background-color");
    browser.prefer("dark");
    assertNotEquals(light, browser.find("body").getCssValue("background-color"));
    // The variable is the dark one now, and the plots were drawn again with it.
    await().until(() -> browser.colored("--series-1").stream().allMatch(pixels -> pixels > 100));
  }

  @Test
  void showsTextThatLooksLikeHtmlAsText() throws IOException {
    String text = "</script><script>document.title = 'no'</script><b>&amp;";
    show(
        new RunReport(
            text,
            SMALL.environment(),
            List.of(new Figure(text, 1, "", text)),
            List.of(new Expectation(text, true, text)),
            List.of(new TimedPhase(text, 0, 2)),
            List.of(
                new Series(text, text, Panel.RATE, new double[] {0, 1, 2}, new double[] {1, 2, 3})),
            List.of(new Latencies(text, SMALL.latencies().getFirst().histogram())),
            List.of(new Pause(text, 1, 1, text)),
            List.of(text)));
    assertEquals(List.of(), browser.errors());
    assertEquals(text, browser.find("h1").getText());
    assertEquals(List.of(text), browser.texts(".figures dd"));
    assertFalse(browser.driver().getTitle().equals("no"));
  }

  @Test
  void aRunThatEndedEarlyHasAPageToo() throws IOException {
    show(
        new RunReport(
            "million",
            SMALL.environment(),
            List.of(),
            List.of(),
            List.of(new TimedPhase("start", 0, 0)),
            List.of(new Series("open", "", Panel.CONNECTIONS, new double[] {0}, new double[] {0})),
            List.of(),
            List.of(),
            List.of()));
    assertEquals(List.of(), browser.errors());
    assertEquals(List.of(), browser.texts(".verdict"));
    assertEquals(List.of("Connections"), browser.texts("figure h3"));
  }

  private void show(RunReport report) throws IOException {
    ReportFiles.write(folder, report);
    browser.open(page());
  }

  private Path page() {
    return folder.resolve("report.html");
  }

  /** What the legend of a plot over time says about where the pointer is. */
  private static String at(int plot) {
    return browser
        .driver()
        .findElements(By.cssSelector("#plots figure"))
        .get(plot)
        .findElement(By.cssSelector(".u-series:first-child .u-value"))
        .getText();
  }

  private static int seconds(String at) {
    String[] clock = at.substring(0, at.indexOf(' ')).split(":");
    return 60 * Integer.parseInt(clock[0]) + Integer.parseInt(clock[1]);
  }
}
