package io.plainweave.samples;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets each await look at once, and often. Awaitility's own defaults let every test that awaits
 * something, be it there already, sleep for a tenth of a second at least.
 *
 * <p>JUnit finds it as a service, and applies it to all classes of tests.
 */
public final class PromptAwaits implements BeforeAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    Awaitility.setDefaultPollDelay(Duration.ZERO);
    Awaitility.setDefaultPollInterval(Duration.ofMillis(20));
  }
}
