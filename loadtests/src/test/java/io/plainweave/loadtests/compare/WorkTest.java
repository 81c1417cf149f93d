package io.plainweave.loadtests.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
final class WorkTest {
  @ParameterizedTest
  @CsvSource({
    "echo-1,       CLOSED_LOOP, 1,      64,      1,  0,  '1 connection, 64 B'",
    "echo-10000,   CLOSED_LOOP, 10000,  64,      1,  0,  '10,000 connections, 64 B'",
    "pipelined-16, CLOSED_LOOP, 50,     64,      16, 0,  '50 connections, 64 B, 16 together'",
    "pipelined-16x100, CLOSED_LOOP, 100, 64,     16, 0,  '100 connections, 64 B, 16 together'",
    "get-100,      CLOSED_LOOP, 100,    64,      1,  0,  '100 connections, 64 B'",
    "message-100,  CLOSED_LOOP, 50,     100,     1,  0,  '50 connections, 100 B'",
    "message-16k,  CLOSED_LOOP, 50,     16384,   1,  0,  '50 connections, 16 KB'",
    "message-1m,   CLOSED_LOOP, 8,      1048576, 1,  0,  '8 connections, 1 MB'",
    "churn,        CHURN,       16,     64,      1,  0,  'connect, 64 B, close; 16 at a time'",
    "idle-15000,   IDLE,        15000,  64,      1,  0,  "
        + "'15,000 connections after a message of 64 B'",
    "open-50x100,  OPEN_LOOP,   100,    64,      1,  50, "
        + "'100 connections, 64 B, at 50 % of the base''s peak'",
    "open-80,      OPEN_LOOP,   1000,   64,      1,  80, "
        + "'1,000 connections, 64 B, at 80 % of the base''s peak'"
  })
  void isReadFromItsName(
      String name,
      Work.Kind kind,
      int connections,
      int bytes,
      int depth,
      int percent,
      String description) {
    Work work = Work.of(name);

    assertEquals(new Work(name, kind, connections, bytes, depth, percent), work);
    assertEquals(description, work.description());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "echo",
        "echo-",
        "echo-1k",
        "churn-5",
        "swim-1",
        "echo-x",
        "echo-5x5",
        "message-1g"
      })
  void anUnknownNameIsRefusedWithTheNamesThereAre(String name) {
    String message = assertThrows(IllegalArgumentException.class, () -> Work.of(name)).getMessage();

    assertTrue(message.startsWith("'" + name + "' is no work: echo-CONNECTIONS, "), message);
  }

  @ParameterizedTest
  @CsvSource({
    "echo-0,        1 to 19#000",
    "echo-20000,    1 to 19#000",
    "pipelined-0,   1 to 1#024",
    "message-1,     8 to 16#777#216",
    "message-9999m, 8 to 16#777#216",
    "open-101,      1 to 100",
    "open-50x0,     1 to 19#000",
    "idle-99999999, 1 to 19#000"
  })
  void aNumberOutOfRangeIsRefusedWithTheRange(String name, String range) {
    String message = assertThrows(IllegalArgumentException.class, () -> Work.of(name)).getMessage();

    assertEquals("'" + name + "' is out of range: " + range.replace('#', ','), message);
  }
}
