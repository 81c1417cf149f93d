package io.plainweave.messaging;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The queue of an outbox")
class MessageQueueTest {
  private final MessageQueue queue = new MessageQueue();

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  private List<String> pollAll() {
    List<String> all = new ArrayList<>();
    for (byte[] next; (next = queue.poll()) != null; ) {
      all.add(new String(next, US_ASCII));
    }
    return all;
  }

  @Test
  void keepsTheOrderOfBothKinds() {
    queue.add(bytes("reply 1"));
    queue.addDroppable(bytes("news 1"), null);
    queue.add(bytes("reply 2"));
    queue.addDroppable(bytes("news 2"), null);
    assertEquals(4, queue.size());
    assertEquals(26, queue.bytes());
    queue.dropOldest();
    assertEquals(List.of("reply 1", "reply 2", "news 2"), pollAll());
    assertEquals(0, queue.size());
    assertEquals(0, queue.bytes());
  }

  @Test
  void letsNothingPassAPlaceThatIsNotFilled() {
    queue.add(bytes("before"));
    MessageQueue.Place place = queue.reserve();
    queue.add(bytes("behind"));
    assertEquals(List.of("before"), pollAll());
    assertFalse(queue.isReady());
    queue.fill(place, bytes("first"));
    assertTrue(queue.isReady());
    assertEquals(11, queue.bytes());
    assertEquals(List.of("first", "behind"), pollAll());
  }

  @Test
  void takesOneMessageThatIsLargerThanAllThatMayBe() {
    OutboxLimits limits = OutboxLimits.DEFAULT.maxBytes(3);
    assertTrue(queue.hasRoomFor(bytes("large"), null, limits));
    queue.add(bytes("large"));
    assertFalse(queue.hasRoomFor(bytes(""), null, limits));
  }

  @Test
  void isAsLongAsItsMessagesWhateverHappens() {
    var random = new Random(15);
    Map<Object, String> expected = new LinkedHashMap<>(); // of the droppable ones, by key
    for (int i = 0; i < 100_000; i++) {
      String text = "x".repeat(random.nextInt(20));
      Integer key = random.nextInt(8);
      switch (random.nextInt(4)) {
        case 0, 1 ->
            assertEquals(
                expected.put(key, text) != null, queue.addDroppable(bytes(text), key), "replaces");
        case 2 -> {
          if (!expected.isEmpty()) {
            queue.dropOldest();
            expected.remove(expected.keySet().iterator().next());
          }
        }
        default -> {
          byte[] next = queue.poll();
          if (expected.isEmpty()) {
            assertNull(next);
          } else {
            Object oldest = expected.keySet().iterator().next();
            assertEquals(expected.remove(oldest), new String(next, US_ASCII));
          }
        }
      }
      assertEquals(expected.size(), queue.size());
      assertEquals(expected.values().stream().mapToInt(String::length).sum(), queue.bytes());
    }
  }
}
