package io.plainweave;

import io.plainweave.tls.ServerTls;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What can be set of every listener, of whatever kind; {@link Listen} says what it means. */
record ListenSettings(
    @Nullable String name,
    boolean admin,
    int maxConnections,
    @Nullable ProxyProtocol proxyProtocol,
    @Nullable ServerTls tls,
    @Nullable TimeLimits timeLimits) {
  static final ListenSettings DEFAULT = new ListenSettings(null, false, 0, null, null, null);

  ListenSettings {
    if (name != null && name.isBlank()) {
      throw new IllegalArgumentException(
          "the name of a listener must not be blank: '" + name + "'");
    }
    if (maxConnections < 0) {
      throw new IllegalArgumentException("maxConnections must not be negative: " + maxConnections);
    }
  }

  /** What changes one of them and leaves the others. */
  ListenSettings edit(Consumer<Edit> change) {
    var edit = new Edit(this);
    change.accept(edit);
    return new ListenSettings(
        edit.name, edit.admin, edit.maxConnections, edit.proxyProtocol, edit.tls, edit.timeLimits);
  }

  /** The settings while one of them is changed, by one thread. */
  static final class Edit {
    @Nullable String name;
    boolean admin;
    int maxConnections;
    @Nullable ProxyProtocol proxyProtocol;
    @Nullable ServerTls tls;
    @Nullable TimeLimits timeLimits;

    private Edit(ListenSettings from) {
      this.name = from.name;
      this.admin = from.admin;
      this.maxConnections = from.maxConnections;
      this.proxyProtocol = from.proxyProtocol;
      this.tls = from.tls;
      this.timeLimits = from.timeLimits;
    }
  }
}
