package io.plainweave.tests;

import java.io.PrintWriter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs the tests of a package, and says how many have failed. */
final class AllTests {
  private AllTests() {}

  /** Ends with 0 whether or not tests fail: what they have reached counts all the same. */
  public static void main(String... packages) {
    var builder = LauncherDiscoveryRequestBuilder.request();
    for (String each : packages) {
      builder.selectors(DiscoverySelectors.selectPackage(each));
    }
    builder.configurationParameter("junit.jupiter.execution.timeout.default", "120 s");
    var summary = new SummaryGeneratingListener();
    LauncherFactory.create().execute(builder.build(), summary);
    summary.getSummary().printFailuresTo(new PrintWriter(System.out, true));
    System.out.printf(
        "%ntests: %d, failed: %d%n",
        summary.getSummary().getTestsStartedCount(), summary.getSummary().getTestsFailedCount());
    System.exit(0);
  }
}
