package io.plainweave.loadtests.tree;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamReadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A thread dump of a JVM in JSON, as {@code jcmd PID Thread.dump_to_file -format=json FILE} writes
 * it. It is read as a stream, and of each stack only what it says is kept: there may be a million.
 *
 * @param processId of the JVM
 * @param version of its Java
 * @param time of the dump
 * @param containers all that hold threads
 */
record ThreadDump(String processId, String version, String time, List<Container> containers) {
  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read, or is no dump of threads
   */
  static ThreadDump read(Path file) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
      ThreadDump dump = new Reader(json).read();
      if (dump.containers.isEmpty()) {
        throw new IOException("there are no threads in it");
      }
      return dump;
    } catch (StreamReadException e) {
      throw new IOException("it is no JSON: " + e.getOriginalMessage(), e);
    }
  }

  long threads() {
    return containers.stream().mapToLong(container -> container.threads().size()).sum();
  }

  long virtualThreads() {
    return containers.stream()
        .flatMap(container -> container.threads().stream())
        .filter(DumpedThread::isVirtual)
        .count();
  }

  /** Reads one dump. */
  private static final class Reader {
    private final JsonParser json;
    private final Map<String, String> ofDump = new HashMap<>();
    private final List<Container> containers = new ArrayList<>();

    /** Most threads are at a few places. */
    private final Map<DumpedThread.Place, DumpedThread.Place> places = new HashMap<>();

    private Reader(JsonParser json) {
      this.json = json;
    }

    private ThreadDump read() throws IOException {
      if (json.nextToken() == JsonToken.START_OBJECT && "threadDump".equals(json.nextFieldName())) {
        json.nextToken();
        readDump();
      }
      return new ThreadDump(
          ofDump.getOrDefault("processId", "?"),
          ofDump.getOrDefault("runtimeVersion", "?"),
          ofDump.getOrDefault("time", "?"),
          containers);
    }

    private void readDump() throws IOException {
      for (String name; (name = json.nextFieldName()) != null; ) {
        JsonToken value = json.nextToken();
        if (name.equals("threadContainers") && value == JsonToken.START_ARRAY) {
          while (json.nextToken() == JsonToken.START_OBJECT) {
            containers.add(readContainer());
          }
        } else {
          keep(ofDump, name, value);
        }
      }
    }

    private Container readContainer() throws IOException {
      Map<String, String> fields = new HashMap<>();
      List<DumpedThread> threads = new ArrayList<>();
      for (String name; (name = json.nextFieldName()) != null; ) {
        JsonToken value = json.nextToken();
        if (name.equals("threads") && value == JsonToken.START_ARRAY) {
          while (json.nextToken() == JsonToken.START_OBJECT) {
            threads.add(readThread());
          }
        } else {
          keep(fields, name, value);
        }
      }
      return new Container(
          fields.getOrDefault("container", ""),
          fields.get("parent"),
          fields.get("owner"),
          List.copyOf(threads));
    }

    private DumpedThread readThread() throws IOException {
      Map<String, String> fields = new HashMap<>();
      List<String> stack = new ArrayList<>();
      String blocker = null;
      for (String name; (name = json.nextFieldName()) != null; ) {
        JsonToken value = json.nextToken();
        if (name.equals("stack") && value == JsonToken.START_ARRAY) {
          while (json.nextToken() == JsonToken.VALUE_STRING) {
            stack.add(json.getText());
          }
        } else if (name.equals("parkBlocker") && value == JsonToken.START_OBJECT) {
          Map<String, String> parked = new HashMap<>();
          for (String part; (part = json.nextFieldName()) != null; ) {
            keep(parked, part, json.nextToken());
          }
          blocker = parked.get("object");
        } else {
          keep(fields, name, value);
        }
      }
      DumpedThread.Place place =
          DumpedThread.Place.of(
              fields.getOrDefault("state", "?"),
              stack,
              firstOf(blocker, fields.get("blockedOn"), fields.get("waitingOn")));
      DumpedThread.Place known = places.putIfAbsent(place, place);
      return new DumpedThread(
          fields.getOrDefault("tid", "?"),
          fields.getOrDefault("name", ""),
          "true".equals(fields.get("virtual")),
          known == null ? place : known);
    }

    private static String firstOf(String... candidates) {
      for (String candidate : candidates) {
        if (candidate != null) {
          return candidate;
        }
      }
      return null;
    }

    /** Keeps a value that is a word; what else there is comes with a newer JDK, and is skipped. */
    private void keep(Map<String, String> fields, String name, JsonToken value) throws IOException {
      if (value.isStructStart()) {
        json.skipChildren();
      } else if (value != JsonToken.VALUE_NULL) {
        fields.put(name, json.getText());
      }
    }
  }
}
