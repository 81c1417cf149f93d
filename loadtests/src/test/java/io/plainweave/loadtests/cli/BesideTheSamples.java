package io.plainweave.loadtests.cli;

import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The load tests lie where they are, with the samples beside them, and not in a copy. */
public final class BesideTheSamples implements BeforeAllCallback, AfterAllCallback {
  private static final String HOME = "loadtests.home";

  @Override
  public void beforeAll(ExtensionContext context) {
    System.setProperty(HOME, Path.of("").toAbsolutePath().toString());
  }

  @Override
  public void afterAll(ExtensionContext context) {
    System.clearProperty(HOME);
  }
}
