package io.plainweave.internal.figures;

import io.plainweave.status.Histogram;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** Counts values by their size, for a {@link Histogram}. */
final class Buckets {
  private final LongAdder[] counts =
      Stream.generate(LongAdder::new).limit(Long.SIZE).toArray(LongAdder[]::new);

  void add(long value) {
    counts[Histogram.bucket(value)].increment();
  }

  Histogram histogram() {
    return new Histogram(Stream.of(counts).map(LongAdder::sum).toList());
  }
}
