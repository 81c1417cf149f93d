package io.plainweave.status;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A figure of a {@link ServerStatus} as monitoring systems want it: with a name, a unit and a
 * sentence that says what it is. Whoever shows the figures of a server goes through {@link #all()},
 * so that they have the same names everywhere.
 *
 * <p>A metric has one value, or one for each of a few labels, for example one for each reason:
 * however many connections there are. Immutable, for use by several threads.
 */
public final class Metric {
  /** What its values do. */
  public enum Kind {
    /** It goes up and down. */
    GAUGE,

    /** It is counted since the start of the server, and never falls. */
    COUNTER
  }

  /** The label of a metric that has one value only. */
  public static final String NO_LABEL = "";

  private final String name;
  private final Kind kind;
  private final String unit;
  private final String description;
  private final @Nullable String tag;
  private final Function<ServerStatus, Map<String, Double>> values;

  Metric(
      String name,
      Kind kind,
      String unit,
      String description,
      @Nullable String tag,
      Function<ServerStatus, Map<String, Double>> values) {
    this.name = name;
    this.kind = kind;
    this.unit = unit;
    this.description = description;
    this.tag = tag;
    this.values = values;
  }

  /** {@return all metrics, in the order in which people read them} */
  public static List<Metric> all() {
    return Metrics.ALL;
  }

  /** {@return its name, in lower case, in parts that are separated by dots} */
  public String name() {
    return name;
  }

  /** {@return what its values do} */
  public Kind kind() {
    return kind;
  }

  /** {@return what is counted or measured, in the plural: {@code connections}, {@code seconds}} */
  public String unit() {
    return unit;
  }

  /** {@return what it is, in a few words without a full stop} */
  public String description() {
    return description;
  }

  /** {@return what its labels are, {@code reason} for example; empty if it has one value only} */
  public Optional<String> tag() {
    return Optional.ofNullable(tag);
  }

  /**
   * Returns its values. The labels are the same for each status of a server, but for those of
   * listeners, which come and go.
   *
   * @param status the figures of a server
   * @return by their labels, in an order that does not change; the label of a metric without a tag
   *     is {@link #NO_LABEL}
   */
  public Map<String, Double> values(ServerStatus status) {
    return new LinkedHashMap<>(values.apply(status));
  }

  /** {@return its name} */
  @Override
  public String toString() {
    return name;
  }
}
