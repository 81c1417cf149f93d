package io.plainweave.internal.recording;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.event.ServerEvent;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.ValueDescriptor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The table of events")
@Timeout(60)
class EventsTableTest {
  private static final Path FILE = Path.of("..", "docs", "events.md");

  private static final Pattern CODE = Pattern.compile("`([\\w.]+)`");

  /** What every event of JFR has. */
  private static final Set<String> OF_JFR =
      Set.of("startTime", "duration", "eventThread", "stackTrace");

  private static final List<Class<?>> HOLDERS =
      List.of(
          RecordedConnections.class,
          RecordedListeners.class,
          RecordedAdmission.class,
          RecordedDatagrams.class,
          RecordedServer.class);

  private record Row(String event, String when, String log, String jfr, Set<String> fields) {
    static Row of(String line) {
      String[] cells = line.split("\\|", -1);
      return new Row(
          codes(cells[1]).findFirst().orElseThrow(),
          cells[2].strip(),
          cells[3].strip(),
          cells[4].strip(),
          codes(cells[5]).collect(toSet()));
    }

    private static Stream<String> codes(String cell) {
      return CODE.matcher(cell).results().map((MatchResult code) -> code.group(1));
    }

    boolean isRecorded() {
      return !jfr.startsWith("none: ");
    }
  }

  private static Map<String, Row> rows() throws IOException {
    return Files.readAllLines(FILE).stream()
        .filter(line -> line.startsWith("| `"))
        .map(Row::of)
        .collect(toMap(Row::event, Function.identity()));
  }

  private static Map<String, EventType> recorded() {
    return HOLDERS.stream()
        .flatMap(holder -> Stream.of(holder.getDeclaredClasses()))
        .filter(type -> !Modifier.isAbstract(type.getModifiers()))
        .collect(
            toMap(
                Class::getSimpleName,
                type -> EventType.getEventType(type.asSubclass(Event.class))));
  }

  @Test
  void hasEachEventAndNoOther() throws IOException {
    assertEquals(
        Stream.of(ServerEvent.class.getPermittedSubclasses())
            .map(Class::getSimpleName)
            .collect(toSet()),
        rows().keySet());
  }

  @Test
  void saysOfEachWhenItComesAndHowItIsLogged() throws IOException {
    for (Row row : rows().values()) {
      assertFalse(row.when.isEmpty(), row::toString);
      assertTrue(row.log.matches("(ERROR|WARN|INFO|DEBUG|TRACE|none: ).*"), row::toString);
    }
  }

  @Test
  void hasTheNameAndTheFieldsOfEachThatIsRecorded() throws IOException {
    Map<String, EventType> recorded = recorded();
    Map<String, Row> rows = rows();
    rows.values().removeIf(row -> !row.isRecorded());
    assertEquals(recorded.keySet(), rows.keySet());
    for (Row row : rows.values()) {
      EventType type = recorded.get(row.event);
      assertEquals("io.plainweave." + row.event, type.getName());
      assertTrue(row.jfr.startsWith("`" + type.getName() + "`"), row::toString);
      assertEquals(fields(type), row.fields, row.event);
      boolean on = Boolean.parseBoolean(setting(type, "enabled"));
      assertEquals(!on, row.jfr.endsWith(", off by default"), row::toString);
    }
  }

  private static Set<String> fields(EventType type) {
    return type.getFields().stream()
        .map(ValueDescriptor::getName)
        .filter(name -> !OF_JFR.contains(name))
        .collect(toSet());
  }

  private static String setting(EventType type, String name) {
    return type.getSettingDescriptors().stream()
        .filter(setting -> setting.getName().equals(name))
        .findFirst()
        .orElseThrow()
        .getDefaultValue();
  }

  @Test
  void isOfEventsThatSayWhatTheyAre() {
    for (EventType type : recorded().values()) {
      String name = type.getName();
      assertNotNull(type.getLabel(), name);
      assertNotNull(type.getDescription(), name);
      assertEquals("Plainweave", type.getCategoryNames().getFirst(), name);
      assertEquals("false", setting(type, "stackTrace"), name);
      for (ValueDescriptor field : type.getFields()) {
        assertNotNull(field.getLabel(), name + "." + field.getName());
      }
    }
  }

  @Test
  void hasTheReasonWhyOneIsNotRecorded() throws IOException {
    List<String> not =
        rows().values().stream().filter(row -> !row.isRecorded()).map(Row::event).toList();
    assertEquals(List.of("HandshakeBegan"), not);
  }
}
