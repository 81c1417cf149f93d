package io.plainweave.admin;

import io.plainweave.Connection;
import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import io.plainweave.Handler;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.time.Duration;

/** Serves HTTP/1.1 on one connection: one request after the other, each whole before its answer. */
final class AdminHandler implements Handler {
  /** For a request to come in, from its first byte to its last. */
  private static final Duration READING = Duration.ofSeconds(5);

  private final Access access;
  private final Pages pages;

  AdminHandler(Access access, Pages pages) {
    this.access = access;
    this.pages = pages;
  }

  @Override
  public void handle(Connection connection) throws Exception {
    boolean more = true;
    while (more && connection.awaitMessage()) {
      more = exchange(connection);
      connection.endMessage();
    }
  }

  /** Reads a request and answers it; whether another one may follow. */
  private boolean exchange(Connection connection) throws Exception {
    Request request;
    try {
      request = Deadline.in(READING).call(() -> Request.read(connection));
    } catch (Refused e) {
      new Response(connection).text(e.status(), e.why());
      return false;
    } catch (MalformedMessageException | TruncatedMessageException e) {
      new Response(connection).text(Status.BAD_REQUEST, "the request is malformed");
      return false;
    } catch (DeadlineExceededException e) {
      new Response(connection)
          .text(Status.REQUEST_TIMEOUT, "a request may take " + READING.toSeconds() + " s");
      return false;
    }
    var response = new Response(connection, request);
    try {
      access.check(request);
      pages.answer(request, connection.id(), response);
    } catch (Refused e) {
      response.text(e.status(), e.why());
    }
    return response.keepsAlive();
  }
}
