package io.plainweave.loadtests.report;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A headless Chromium of its own, as Debian installs it. */
final class Browser implements AutoCloseable {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Logger DEVTOOLS = Logger.getLogger("org.openqa.selenium.devtools");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /**
   * Starts it; where it is not installed, the test is skipped, but not in a CI run.
   *
   * @param files an empty folder for its files, some of which it leaves behind
   */
  static Browser start(Path files) {
    boolean isInstalled = Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER);
    String missing = "needs " + CHROMIUM + " and " + DRIVER + ": apt install chromium-driver";
    if ("true".equals(System.getenv("CI"))) {
      assertTrue(isInstalled, missing);
    }
    assumeTrue(isInstalled, missing);
    DEVTOOLS.setLevel(Level.OFF); // warns of a Chromium that is newer, but nothing of it is used
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    logs.enable(LogType.PERFORMANCE, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toFile());
    options.setCapability("goog:loggingPrefs", logs);
    options.addArguments(
        "--headless",
        "--no-sandbox", // which root cannot have
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync");
    // Both paths are given, so that nothing is looked for or downloaded.
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile())
            .withEnvironment(Map.of("TMPDIR", files.toString(), "HOME", files.toString()))
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  ChromeDriver driver() {
    return driver;
  }

  /** Opens a page, as if nothing had been logged before. */
  void open(Path page) {
    errors();
    requests();
    driver.get(page.toUri().toString());
  }

  void resize(int width, int height) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
  }

  void prefer(String colorScheme) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", colorScheme))));
  }

  WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  List<String> texts(String selector) {
    return driver.findElements(By.cssSelector(selector)).stream().map(WebElement::getText).toList();
  }

  Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /** How many pixels of each canvas have just this color, a variable of the style. */
  @SuppressWarnings("unchecked")
  List<Long> colored(String variable) {
    return (List<Long>)
        run(
            """
            const hex = getComputedStyle(document.documentElement).getPropertyValue(arguments[0]);
            const color = parseInt(hex.trim().slice(1), 16);
            return [...document.querySelectorAll("canvas")].map(it => {
              const image = it.getContext("2d").getImageData(0, 0, it.width, it.height).data;
              let pixels = 0;
              for (let i = 0; i < image.length; i += 4) {
                if (image[i] * 65536 + image[i + 1] * 256 + image[i + 2] === color) {
                  pixels++;
                }
              }
              return pixels;
            });
            """,
            variable);
  }

  /** What the console has been told since the last call, and the page was opened. */
  List<String> errors() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(LogEntry::getMessage)
        .toList();
  }

  /** The addresses asked for since the last call, without those that hold their own content. */
  List<String> requests() {
    List<String> addresses = new ArrayList<>();
    for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
      JsonNode message = json(entry).path("message");
      String address = message.at("/params/request/url").asText();
      if (message.path("method").asText().equals("Network.requestWillBeSent")
          && !address.startsWith("data:")) {
        addresses.add(address);
      }
    }
    return addresses;
  }

  @Override
  public void close() {
    driver.quit();
  }

  private static JsonNode json(LogEntry entry) {
    try {
      return MAPPER.readTree(entry.getMessage());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("not JSON: " + entry.getMessage(), e);
    }
  }
}
