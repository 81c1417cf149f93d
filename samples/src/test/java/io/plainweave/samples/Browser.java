package io.plainweave.samples;

import java.io.File;
import java.nio.file.Path;
import java.util.Map;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** A headless Chromium, as Debian installs it. */
final class Browser {
  private Browser() {}

  /** Starts one, which leaves its files in the folder; {@code quit} ends it. */
  static ChromeDriver start(Path folder) {
    ChromeOptions options = new ChromeOptions();
    options.setBinary("/usr/bin/chromium");
    // Root cannot have the sandbox.
    options.addArguments("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run");
    // Both paths are given, so that nothing is looked for or downloaded.
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File("/usr/bin/chromedriver"))
            .withEnvironment(Map.of("TMPDIR", folder.toString(), "HOME", folder.toString()))
            .build();
    return new ChromeDriver(service, options);
  }
}
