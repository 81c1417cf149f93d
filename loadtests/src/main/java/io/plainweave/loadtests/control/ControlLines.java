package io.plainweave.loadtests.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.plainweave.loadtests.report.Latencies;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * The lines between coordinator and children: the name of a record, a space, and its components as
 * JSON.
 */
public final class ControlLines {
  private static final ObjectMapper JSON =
      JsonMapper.builder().addModules(new JavaTimeModule(), new Jdk8Module()).build();
  private static final Map<String, Class<?>> ORDERS = records(Order.class);
  private static final Map<String, Class<?>> NOTICES = records(Notice.class);

  private ControlLines() {}

  public static String encode(Order order) {
    return line(order);
  }

  static String encode(Notice notice) {
    return line(notice);
  }

  /**
   * Reads an order.
   *
   * @throws IllegalArgumentException if the line is none
   */
  static Order order(String line) {
    return (Order) record(line, ORDERS);
  }

  /**
   * Reads a notice.
   *
   * @throws IllegalArgumentException if the line is none
   */
  public static Notice notice(String line) {
    return (Notice) record(line, NOTICES);
  }

  /** Loads every class that a line may need. */
  static void load() {
    for (Order order :
        List.of(new Order.Drain(Duration.ZERO), new Order.Ramp(0, 0, List.of(), 0))) {
      order(encode(order));
    }
    Notice done = new Notice.Done(0, Map.of(), new Latencies("", new Histogram(3)));
    for (Notice notice : List.of(done, new Notice.Memory(0, 0, OptionalLong.empty()))) {
      notice(encode(notice));
    }
  }

  private static String line(Object value) {
    try {
      return value.getClass().getSimpleName() + " " + JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no line says " + value, e);
    }
  }

  private static Object record(String line, Map<String, Class<?>> records) {
    String[] parts = line.split(" ", 2);
    Class<?> type = records.get(parts[0]);
    if (type == null || parts.length < 2) {
      throw new IllegalArgumentException("not a control line: \"" + line + "\"");
    }
    try {
      return JSON.readValue(parts[1], type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a control line: \"" + line + "\"", e);
    }
  }

  private static Map<String, Class<?>> records(Class<?> sealed) {
    return leaves(sealed).collect(Collectors.toMap(Class::getSimpleName, Function.identity()));
  }

  private static Stream<Class<?>> leaves(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(ControlLines::leaves)
        : Stream.of(type);
  }
}
