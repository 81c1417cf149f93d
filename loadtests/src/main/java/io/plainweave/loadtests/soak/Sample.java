package io.plainweave.loadtests.soak;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * What a server holds between two connections, as it has said in a line.
 *
 * @param connections how many had come and gone by then
 * @param amounts what it holds
 * @param counts what else it has counted, such as connections that were opened and closed
 */
record Sample(long connections, Map<Quantity, Double> amounts, Map<String, Long> counts) {
  /** Reads what {@link SoakServer} has written. */
  static Sample read(long connections, String line) {
    Map<String, Long> all = new HashMap<>();
    for (String word : line.split(" ")) {
      int equals = word.indexOf('=');
      all.put(word.substring(0, equals), Long.valueOf(word.substring(equals + 1)));
    }
    Map<Quantity, Double> amounts = new EnumMap<>(Quantity.class);
    for (Quantity quantity : Quantity.values()) {
      amounts.put(quantity, (double) all.remove(quantity.key()));
    }
    return new Sample(connections, amounts, all);
  }

  double amount(Quantity quantity) {
    return amounts.get(quantity);
  }

  long count(String name) {
    return counts.getOrDefault(name, 0L);
  }
}
