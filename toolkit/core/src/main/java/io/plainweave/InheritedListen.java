package io.plainweave;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The socket that this process has inherited as its standard input. */
public final class InheritedListen extends ListenKind<InheritedListen> {
  InheritedListen(ListenKind.Settings settings) {
    super(settings);
  }

  @Override
  public InheritedListen like(Listen settings) {
    return with(settingsOf(settings));
  }

  @Override
  InheritedListen with(ListenKind.Settings settings) {
    return new InheritedListen(settings);
  }

  @Override
  List<@Nullable Object> own() {
    return List.of();
  }

  /** Returns {@code inherited}. */
  @Override
  public String toString() {
    return "inherited";
  }
}
