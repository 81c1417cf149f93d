package io.plainweave;

import io.plainweave.tls.ServerTls;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What can be set of every listener, of whatever kind; {@link Listen} says what it means. */
record ListenSettings(
    int maxConnections,
    @Nullable ProxyProtocol proxyProtocol,
    @Nullable ServerTls tls,
    @Nullable TimeLimits timeLimits) {
  static final ListenSettings DEFAULT = new ListenSettings(0, null, null, null);

  ListenSettings {
    if (maxConnections < 0) {
      throw new IllegalArgumentException("maxConnections must not be negative: " + maxConnections);
    }
  }

  /** What changes one of them and leaves the others. */
  ListenSettings edit(Consumer<Edit> change) {
    var edit = new Edit(this);
    change.accept(edit);
    return new ListenSettings(edit.maxConnections, edit.proxyProtocol, edit.tls, edit.timeLimits);
  }

  /** The settings while one of them is changed, by one thread. */
  static final class Edit {
    int maxConnections;
    @Nullable ProxyProtocol proxyProtocol;
    @Nullable ServerTls tls;
    @Nullable TimeLimits timeLimits;

    private Edit(ListenSettings from) {
      this.maxConnections = from.maxConnections;
      this.proxyProtocol = from.proxyProtocol;
      this.tls = from.tls;
      this.timeLimits = from.timeLimits;
    }
  }
}
