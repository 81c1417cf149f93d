package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.Listen;
import io.plainweave.UnixListen;
import io.plainweave.admission.Network;
import io.plainweave.client.Connector;
import io.plainweave.fuzz.support.Allocation;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Networks and the places where servers are, as people write them")
@ExtendWith(Leftovers.class)
class PlacesFuzzTest {
  @FuzzTest
  void areShownAsTheyAreRead(byte[] data) {
    var input = new Input(data);
    int kind = input.choice(3);
    String text = new String(input.bytes(), StandardCharsets.UTF_8);
    long most = 512 * 1024 + 512L * data.length;
    switch (kind) {
      case 0 -> check(Allocation.atMost(most, () -> parse(text, Listen::parse)), Listen::parse);
      case 1 -> check(Allocation.atMost(most, () -> parse(text, Network::parse)), Network::parse);
      default -> Allocation.atMost(most, () -> parse(text, Connector::parse));
    }
  }

  /** Null for what is refused, with the text in the message. */
  private static <T> T parse(String text, Function<String, T> parser) {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      String path = text.startsWith("unix:") ? text.substring("unix:".length()) : text;
      boolean says = message.contains(path) || message.contains(trimmed(path)) || isNumber(text);
      Finding.unless(says, "the message does not show the text \"" + text + "\": " + message);
      return null;
    }
  }

  /** A path is shown without what it does not need. */
  private static String trimmed(String path) {
    return path.replaceAll("/+", "/").replaceFirst("(?<=.)/$", "");
  }

  /** A port out of range, or the bits of a network, are shown as the numbers that they are. */
  private static boolean isNumber(String text) {
    return text.matches("(?s).*[:/]?\\+?\\p{Nd}+");
  }

  private static <T> void check(T place, Function<String, T> parser) {
    if (place instanceof UnixListen unix && !isPlain(unix.path().toString())) {
      return; // shown with escapes
    }
    if (place != null) {
      T again = parse(place.toString(), parser);
      Finding.unless(place.equals(again), place + " is read as " + again);
    }
  }

  private static boolean isPlain(String path) {
    return path.chars().allMatch(c -> c >= ' ' && c <= '~');
  }
}
