package io.plainweave;

import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.tls.ServerTls;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the kinds of listeners have in common: the settings that all of them have.
 *
 * @param <L> the kind, which is what a change of such a setting returns
 */
abstract sealed class ListenKind<L extends Listen> implements Listen
    permits TcpListen, UnixListen, InheritedListen {
  private final Settings settings;

  ListenKind(Settings settings) {
    this.settings = settings;
  }

  /** The same place with other settings. */
  abstract L with(Settings settings);

  /** What it has besides the settings, always in the same order. */
  abstract List<@Nullable Object> own();

  final Settings settings() {
    return settings;
  }

  static Settings settingsOf(Listen listen) {
    return ((ListenKind<?>) listen).settings;
  }

  private L edit(Consumer<Settings.Edit> change) {
    return with(settings.edit(change));
  }

  @Override
  public @Nullable String name() {
    return settings.name();
  }

  @Override
  public L name(String name) {
    Objects.requireNonNull(name, "name");
    return edit(edit -> edit.name = name);
  }

  @Override
  public boolean admin() {
    return settings.admin();
  }

  @Override
  public L admin(boolean admin) {
    return edit(edit -> edit.admin = admin);
  }

  @Override
  public int maxConnections() {
    return settings.maxConnections();
  }

  @Override
  public L maxConnections(int maxConnections) {
    return edit(edit -> edit.maxConnections = maxConnections);
  }

  @Override
  public @Nullable ProxyProtocol proxyProtocol() {
    return settings.proxyProtocol();
  }

  @Override
  public L proxyProtocol(ProxyProtocol proxyProtocol) {
    Objects.requireNonNull(proxyProtocol, "proxyProtocol");
    return edit(edit -> edit.proxyProtocol = proxyProtocol);
  }

  @Override
  public @Nullable ServerTls tls() {
    return settings.tls();
  }

  @Override
  public L tls(ServerTls tls) {
    Objects.requireNonNull(tls, "tls");
    return edit(edit -> edit.tls = tls);
  }

  @Override
  public @Nullable TimeLimits timeLimits() {
    return settings.timeLimits();
  }

  @Override
  public L timeLimits(TimeLimits timeLimits) {
    Objects.requireNonNull(timeLimits, "timeLimits");
    return edit(edit -> edit.timeLimits = timeLimits);
  }

  @Override
  public final boolean equals(@Nullable Object other) {
    return other instanceof ListenKind<?> kind
        && getClass() == kind.getClass()
        && own().equals(kind.own())
        && settings.equals(kind.settings);
  }

  @Override
  public final int hashCode() {
    return Objects.hash(own(), settings);
  }

  /** What can be set of every listener, of whatever kind; {@link Listen} says what it means. */
  record Settings(
      @Nullable String name,
      boolean admin,
      int maxConnections,
      @Nullable ProxyProtocol proxyProtocol,
      @Nullable ServerTls tls,
      @Nullable TimeLimits timeLimits) {
    static final Settings DEFAULT = new Settings(null, false, 0, null, null, null);

    Settings {
      if (name != null && name.isBlank()) {
        throw new IllegalArgumentException(
            "the name of a listener must not be blank: '" + name + "'");
      }
      if (maxConnections < 0) {
        throw new IllegalArgumentException(
            "maxConnections must not be negative: " + maxConnections);
      }
    }

    /** What changes one of them and leaves the others. */
    Settings edit(Consumer<Edit> change) {
      var edit = new Edit(this);
      change.accept(edit);
      return new Settings(
          edit.name,
          edit.admin,
          edit.maxConnections,
          edit.proxyProtocol,
          edit.tls,
          edit.timeLimits);
    }

    /** The settings while one of them is changed, by one thread. */
    static final class Edit {
      @Nullable String name;
      boolean admin;
      int maxConnections;
      @Nullable ProxyProtocol proxyProtocol;
      @Nullable ServerTls tls;
      @Nullable TimeLimits timeLimits;

      private Edit(Settings from) {
        this.name = from.name;
        this.admin = from.admin;
        this.maxConnections = from.maxConnections;
        this.proxyProtocol = from.proxyProtocol;
        this.tls = from.tls;
        this.timeLimits = from.timeLimits;
      }
    }
  }
}
