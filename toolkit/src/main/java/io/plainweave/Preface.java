package io.plainweave;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What comes between accept and handler, in this order.
 *
 * @param proxyProtocol from whom a PROXY header comes first; null if from nobody
 */
public record Preface(@Nullable ProxyProtocol proxyProtocol) {
  /** Nothing: the first byte is the handler's. */
  public static final Preface NONE = new Preface(null);

  Preface with(ProxyProtocol proxyProtocol) {
    return new Preface(proxyProtocol);
  }

  /** What is to be done, in its order. */
  List<PrefaceStep> steps() {
    return proxyProtocol == null ? List.of() : List.of(new ProxyHeaderStep(proxyProtocol));
  }
}
