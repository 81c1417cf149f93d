package io.plainweave.admin.threads;

import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How many threads are at one place.
 *
 * @param place what they do, and where
 * @param threads how many they are
 */
public record PlaceCount(Place place, long threads) {
  /** Counts them; the place of most comes first, and equal ones in the order of their texts. */
  static List<PlaceCount> of(Stream<ScopedThread> threads) {
    return threads
        .map(ScopedThread::place)
        .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()))
        .entrySet()
        .stream()
        .map(entry -> new PlaceCount(entry.getKey(), entry.getValue()))
        .sorted(
            Comparator.comparingLong(PlaceCount::threads)
                .reversed()
                .thenComparing(count -> count.place().toString()))
        .toList();
  }
}
