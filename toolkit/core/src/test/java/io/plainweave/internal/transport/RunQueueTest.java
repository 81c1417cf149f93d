package io.plainweave.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The queue of an event loop")
class RunQueueTest {
  private final RunQueue queue = new RunQueue();
  private final List<Integer> ran = new ArrayList<>();

  private void add(int from, int to) {
    IntStream.range(from, to).forEach(i -> queue.add(() -> ran.add(i)));
  }

  private void run(int count) {
    for (int i = 0; i < count; i++) {
      queue.poll().run();
    }
  }

  @Test
  void keepsItsOrderHoweverItGrows() {
    add(0, 50);
    run(40);
    add(50, 500);
    run(100);
    add(500, 5_000);
    assertEquals(4_860, queue.size());
    run(4_860);
    assertEquals(IntStream.range(0, 5_000).boxed().toList(), ran);
    assertEquals(0, queue.size());
    assertNull(queue.poll());
  }
}
