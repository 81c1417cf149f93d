package io.plainweave.server;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.EachEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@DisplayName("The log of each event")
@Timeout(30)
class EventsLogTest {
  private static final Path TABLE = Path.of("..", "docs", "events.md");

  private final Logger log = (Logger) LoggerFactory.getLogger("io.plainweave.server.Server");

  /** The first word of the cell about the log, by the name of the event. */
  private static Map<String, String> levels() throws IOException {
    return Files.readAllLines(TABLE).stream()
        .filter(line -> line.startsWith("| `"))
        .map(line -> line.split("\\|", -1))
        .collect(
            toMap(
                cells -> cells[1].replace("`", "").strip(),
                cells -> cells[3].strip().split("\\W")[0],
                (first, _) -> first,
                TreeMap::new));
  }

  @Test
  void hasTheLevelOfTheTable() throws IOException {
    Map<String, String> seen = new TreeMap<>();
    for (ServerEvent event : EachEvent.all()) {
      List<ILoggingEvent> lines = linesOf(event);
      seen.put(
          event.getClass().getSimpleName(),
          lines.isEmpty() ? "none" : lines.getFirst().getLevel().toString());
    }
    assertEquals(levels(), seen);
  }

  private List<ILoggingEvent> linesOf(ServerEvent event) {
    var lines = new ListAppender<ILoggingEvent>();
    lines.start();
    log.addAppender(lines);
    log.setLevel(Level.TRACE);
    log.setAdditive(false);
    try {
      new ServerLog().onEvent(event);
      return lines.list;
    } finally {
      log.detachAppender(lines);
      log.setLevel(null);
      log.setAdditive(true);
    }
  }

  @Test
  void isAskedForOfEachThatThereIs() {
    assertEquals(
        Stream.of(ServerEvent.class.getPermittedSubclasses())
            .map(Class::getSimpleName)
            .collect(toSet()),
        EachEvent.all().stream().map(event -> event.getClass().getSimpleName()).collect(toSet()));
  }
}
