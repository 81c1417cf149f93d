package io.plainweave.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.event.HandlerPosition;
import io.plainweave.server.Server;
import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.LiveConnection;
import io.plainweave.status.ServerStatus;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What there is to ask of one server, and to do to it. */
final class Pages {
  private static final Pattern CONNECTION =
      Pattern.compile("/connections/([0-9]{1,18})(?:/(end|reset))?");
  private static final String NO_REASON = "asked for by the admin listener";

  private final Server server;
  private final String own;
  private final Health health;
  private final Figures figures;
  private final Dashboard dashboard;
  private final Threads threads = new Threads();

  /**
   * Makes them for one server.
   *
   * @param own the name of their listener
   */
  Pages(Server server, String own, Liveness liveness, Dashboard dashboard) {
    this.server = server;
    this.own = own;
    this.health = new Health(server, liveness);
    this.figures = new Figures(server);
    this.dashboard = dashboard;
  }

  /**
   * Answers a request.
   *
   * @param own the number of the connection that it came by
   */
  void answer(Request request, long own, Response response) throws IOException {
    switch (request.path()) {
      case "/" -> dashboard(request, response);
      case "/live" -> probe(request, response, "live", health.notLive());
      case "/ready" -> probe(request, response, "ready", health.notReady());
      case "/metrics" -> metrics(request, response);
      case "/status" -> status(request, response);
      case "/connections" -> connections(request, response);
      case "/positions" -> positions(request, response);
      case "/threads" -> threads(request, response);
      case "/drain" -> drain(request, response);
      default -> {
        Matcher connection = CONNECTION.matcher(request.path());
        if (!connection.matches()) {
          throw new Refused(Status.NOT_FOUND, "nothing is here; / is a page for people");
        }
        long id = Long.parseLong(connection.group(1));
        String action = connection.group(2);
        if (action == null) {
          connection(request, response, id);
        } else {
          end(request, response, id, action.equals("reset"), own);
        }
      }
    }
  }

  private static void look(Request request, Response response, String... parameters)
      throws Refused {
    if (request.method().equals("POST")) {
      response.field("Allow", "GET, HEAD");
      throw new Refused(Status.METHOD_NOT_ALLOWED, "this is to be looked at: only GET and HEAD");
    }
    request.allowOnly(parameters);
  }

  private static void act(Request request, Response response, String... parameters) throws Refused {
    if (!request.method().equals("POST")) {
      response.field("Allow", "POST");
      throw new Refused(Status.METHOD_NOT_ALLOWED, "this changes something: only POST");
    }
    request.allowOnly(parameters);
  }

  private void dashboard(Request request, Response response) throws IOException {
    look(request, response);
    response.policy(dashboard.policy());
    response.whole(Status.OK, Dashboard.TYPE, dashboard.page().getBytes(UTF_8));
  }

  private static void probe(
      Request request, Response response, String word, Optional<String> trouble)
      throws IOException {
    // Any parameter: probes have a few to get around caches.
    if (request.method().equals("POST")) {
      look(request, response);
    }
    if (trouble.isEmpty()) {
      response.text(Status.OK, word);
    } else {
      response.text(Status.UNAVAILABLE, "not " + word + ": " + trouble.get());
    }
  }

  private void metrics(Request request, Response response) throws IOException {
    if (request.method().equals("POST")) {
      look(request, response); // a scraper may have parameters of its own
    }
    ServerStatus status = figures.get();
    response.stream(Exposition.TYPE, writer -> Exposition.write(writer, status));
  }

  private void status(Request request, Response response) throws IOException {
    look(request, response);
    json(response, StatusReport.of(server, own, health, figures.get()));
  }

  private static void json(Response response, String json) throws IOException {
    response.whole(Status.OK, Response.JSON, json.getBytes(UTF_8));
  }

  private void connections(Request request, Response response) throws IOException {
    look(request, response, ConnectionQuery.PARAMETERS);
    ConnectionQuery query = ConnectionQuery.of(request.query());
    Stream<ConnectionStatus> found = query.in(server.live().connections());
    if (request.wantsText()) {
      response.stream(Response.TEXT, writer -> ConnectionList.writeText(writer, found));
    } else {
      response.stream(Response.JSON, writer -> ConnectionList.writeJson(writer, found));
    }
  }

  private LiveConnection find(long id) throws Refused {
    return server
        .live()
        .connection(id)
        .orElseThrow(() -> new Refused(Status.NOT_FOUND, "no connection " + id + " is open"));
  }

  private void connection(Request request, Response response, long id) throws IOException {
    look(request, response);
    LiveConnection connection = find(id);
    Optional<HandlerPosition> position = connection.position();
    var json = new StringBuilder("{");
    ConnectionList.appendFields(json, connection.status());
    Json.appendField(json.append(','), "line", position.map(HandlerPosition::line));
    Json.appendField(
        json.append(','), "stack", position.map(HandlerPosition::stack).orElse(List.of()));
    json(response, json.append("}\n").toString());
  }

  private void end(Request request, Response response, long id, boolean reset, long own)
      throws IOException {
    act(request, response, "reason");
    if (id == own) {
      throw new Refused(Status.CONFLICT, "that is the connection of this request");
    }
    LiveConnection connection = find(id);
    String said = request.query().getOrDefault("reason", request.body()).strip();
    String reason = said.isEmpty() ? NO_REASON : said;
    boolean ended = reset ? connection.reset(reason) : connection.end(reason);
    if (!ended) {
      throw new Refused(
          Status.CONFLICT, "connection " + id + " has ended, or ends for another reason");
    }
    response.text(Status.OK, "connection " + id + (reset ? " is reset" : " is ended"));
  }

  private void positions(Request request, Response response) throws IOException {
    look(request, response, "format");
    boolean text = request.wantsText();
    Positions positions = Positions.of(server, own, server.connections());
    if (text) {
      response.whole(Status.OK, Response.TEXT, positions.text().getBytes(UTF_8));
    } else {
      json(response, Json.of(positions.fields()) + "\n");
    }
  }

  private void threads(Request request, Response response) throws IOException {
    look(request, response, "most");
    response.whole(
        Status.OK, Response.TEXT, threads.text(request.query().get("most")).getBytes(UTF_8));
  }

  private void drain(Request request, Response response) throws IOException {
    act(request, response);
    // In a thread of this server it begins the drain, with its end in time, and does not wait.
    server.drain();
    response.text(Status.ACCEPTED, "the server drains; open connections: " + server.connections());
  }
}
