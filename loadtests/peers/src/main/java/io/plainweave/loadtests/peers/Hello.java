package io.plainweave.loadtests.peers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** What all HTTP servers of a comparison answer to {@code GET /hello}. */
final class Hello {
  static final String PATH = "/hello";
  static final String TYPE = "text/plain; charset=utf-8";
  static final byte[] BODY = "hello, world\n".getBytes(US_ASCII);

  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  private record Date(long second, String text) {}

  private static volatile Date latest = new Date(0, "");

  private Hello() {}

  /** The field Date, made once a second, for those that do not send it by themselves. */
  static String date() {
    Date date = latest;
    long second = System.currentTimeMillis() / 1_000;
    if (date.second != second) {
      date = new Date(second, FORMAT.format(Instant.ofEpochSecond(second)));
      latest = date;
    }
    return date.text;
  }
}
