package io.plainweave.client;

import io.plainweave.text.OneLine;
import java.io.IOException;

/** A proxy has not connected: what it has answered, in one line. */
final class ProxyRefusedException extends IOException {
  private final boolean mayPass;

  /**
   * Makes one.
   *
   * @param mayPass whether it may be another time when it is asked again
   */
  ProxyRefusedException(String answer, boolean mayPass) {
    super(OneLine.of(answer));
    this.mayPass = mayPass;
  }

  boolean mayPass() {
    return mayPass;
  }
}
