package io.plainweave;

import io.plainweave.text.HostPort;
import java.nio.file.Path;

/** A description as people write it: see {@link Listen#parse}. */
final class ListenText {
  private static final String UNIX = "unix:";

  private ListenText() {}

  static Listen parse(String text) {
    if (text.startsWith(UNIX)) {
      return Listen.unix(Path.of(text.substring(UNIX.length())));
    }
    if (text.equals("inherited")) {
      return Listen.inherited();
    }
    HostPort place = HostPort.parse(text);
    String host = place.host();
    return host == null ? Listen.tcp(place.port()) : Listen.tcp(host, place.port());
  }
}
