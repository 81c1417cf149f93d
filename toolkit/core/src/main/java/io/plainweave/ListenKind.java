package io.plainweave;

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
  private final ListenSettings settings;

  ListenKind(ListenSettings settings) {
    this.settings = settings;
  }

  /** The same place with other settings. */
  abstract L with(ListenSettings settings);

  /** What it has besides the settings, always in the same order. */
  abstract List<@Nullable Object> own();

  final ListenSettings settings() {
    return settings;
  }

  static ListenSettings settingsOf(Listen listen) {
    return ((ListenKind<?>) listen).settings;
  }

  private L edit(Consumer<ListenSettings.Edit> change) {
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
}
