package io.plainweave.admin;

import io.plainweave.event.HandlerPosition;
import io.plainweave.server.Server;
import io.plainweave.status.ConnectionState;
import io.plainweave.status.LiveConnection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * At which lines of code the handlers stand. Each costs a walk along the stack of a thread, which
 * is held up meanwhile: of many connections only a part is looked at, spread evenly over all.
 *
 * @param sampled how many connections were looked at
 * @param open how many there were about then
 * @param places the lines, most connections first
 */
record Positions(int sampled, int open, List<Place> places) {
  private static final int MOST_SAMPLED = 256;
  private static final int MOST_PLACES = 50;

  /** How many of those that were looked at stand at one line, in one state. */
  record Place(String line, ConnectionState state, int connections) {}

  private record Key(String line, ConnectionState state) {}

  /**
   * Looks.
   *
   * @param admin the name of the listener whose own connections are not shown
   * @param open how many connections there are about
   */
  static Positions of(Server server, String admin, int open) {
    int step = Math.max(1, (open + MOST_SAMPLED - 1) / MOST_SAMPLED);
    var turn = new AtomicInteger();
    List<LiveConnection> chosen =
        server
            .live()
            .find(status ->
                !status.outbound() && !status.isOf(admin) && turn.getAndIncrement() % step == 0)
            .limit(MOST_SAMPLED)
            .toList();
    Map<Key, Integer> counts = new HashMap<>();
    for (LiveConnection connection : chosen) {
      ConnectionState state = connection.status().state();
      connection
          .position()
          .map(HandlerPosition::line)
          .ifPresent(line -> counts.merge(new Key(line, state), 1, Integer::sum));
    }
    List<Place> places = new ArrayList<>();
    counts.forEach((key, count) -> places.add(new Place(key.line, key.state, count)));
    places.sort(Comparator.comparingInt(Place::connections).reversed().thenComparing(Place::line));
    return new Positions(
        counts.values().stream().mapToInt(Integer::intValue).sum(),
        open,
        List.copyOf(places.subList(0, Math.min(MOST_PLACES, places.size()))));
  }

  Map<String, @Nullable Object> fields() {
    Map<String, @Nullable Object> fields = Json.object();
    fields.put("sampled", sampled);
    fields.put("open", open);
    List<Map<String, @Nullable Object>> all = new ArrayList<>();
    for (Place place : places) {
      Map<String, @Nullable Object> each = Json.object();
      each.put("line", place.line);
      each.put("state", Shown.word(place.state));
      each.put("connections", place.connections);
      all.add(each);
    }
    fields.put("places", all);
    return fields;
  }

  String text() {
    var text = new StringBuilder();
    text.append(sampled).append(" of ").append(open).append(" connections were looked at\n");
    for (Place place : places) {
      text.append(
          "%7d  %-18s %s\n"
              .formatted(place.connections, Shown.word(place.state), Shown.oneLine(place.line)));
    }
    return text.toString();
  }
}
