package io.plainweave.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.Connection;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The answer to a request, whole or as a stream of chunks. */
final class Response {
  static final String TEXT = "text/plain; charset=utf-8";
  static final String JSON = "application/json";

  /** For what is no page: nothing of it is ever loaded or shown within another one. */
  private static final String NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  /** What is written piece by piece, so that memory does not grow with it. */
  @FunctionalInterface
  interface Body {
    void writeTo(Writer writer) throws IOException;
  }

  private final Connection connection;
  private final boolean head;
  private final boolean chunks;
  private boolean keepsAlive;
  private String policy = NO_PAGE;
  private String more = "";

  /** An answer to what is no request; it is the last one. */
  Response(Connection connection) {
    this.connection = connection;
    this.head = false;
    this.chunks = false;
    this.keepsAlive = false;
  }

  Response(Connection connection, Request request) {
    this.connection = connection;
    this.head = request.method().equals("HEAD");
    this.chunks = request.head().minor() > 0;
    this.keepsAlive = request.keepsAlive() && !connection.isDraining();
  }

  boolean keepsAlive() {
    return keepsAlive;
  }

  /** Sets what the page may load and do (Content-Security-Policy). */
  void policy(String policy) {
    this.policy = policy;
  }

  void field(String name, String value) {
    more += name + ": " + value + "\r\n";
  }

  void text(Status status, String sentence) throws IOException {
    whole(status, TEXT, (sentence + "\n").getBytes(UTF_8));
  }

  void whole(Status status, String type, byte[] body) throws IOException {
    begin(status, type, "Content-Length: " + body.length);
    if (!head) {
      connection.output().write(body);
    }
  }

  /** Sends a text of any length. For HEAD it is not made. */
  void stream(String type, Body body) throws IOException {
    if (!chunks) {
      keepsAlive = false; // its end is that of the connection
    }
    begin(Status.OK, type, chunks ? "Transfer-Encoding: chunked" : null);
    if (head) {
      return;
    }
    if (!chunks) {
      Writer writer = new BufferedWriter(new OutputStreamWriter(connection.output(), UTF_8));
      body.writeTo(writer);
      writer.flush();
      return;
    }
    // Whatever fails before the last chunk is a reset: nobody can take a part for the whole.
    var out = new ChunkedOutput(connection.output());
    Writer writer = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
    body.writeTo(writer);
    writer.flush();
    out.writeLast();
  }

  private void begin(Status status, String type, @Nullable String framing) throws IOException {
    String fields =
        status.line()
            + "\r\nDate: "
            + DATE.format(Instant.now())
            + "\r\nContent-Type: "
            + type
            + (framing == null ? "" : "\r\n" + framing)
            + "\r\nConnection: "
            + (keepsAlive ? "keep-alive" : "close")
            + "\r\nCache-Control: no-store"
            + "\r\nX-Content-Type-Options: nosniff"
            + "\r\nCross-Origin-Resource-Policy: same-origin"
            + "\r\nReferrer-Policy: no-referrer"
            + "\r\nContent-Security-Policy: "
            + policy
            + "\r\n"
            + more
            + "\r\n";
    connection.output().write(fields.getBytes(ISO_8859_1));
  }
}
