package io.plainweave.admin;

import java.io.IOException;

/** A request that is not answered as it was meant, with the status that says so. */
final class Refused extends IOException {
  private final Status status;
  private final String why;

  /**
   * Says no.
   *
   * @param why for the one who asked; what was sent is not repeated in it
   */
  Refused(Status status, String why) {
    super(why);
    this.status = status;
    this.why = why;
  }

  Status status() {
    return status;
  }

  String why() {
    return why;
  }
}
