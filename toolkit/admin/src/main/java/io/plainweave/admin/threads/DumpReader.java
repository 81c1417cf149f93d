package io.plainweave.admin.threads;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reads one thread dump of a JVM in JSON, as {@code HotSpotDiagnosticMXBean.dumpThreads} writes it.
 * It is read as a stream, and of each stack only what it says is kept: there may be a million.
 */
final class DumpReader {
  /** What the JDK calls all that is in no scope; it holds the outermost ones. */
  private static final String ROOT = "<root>";

  /** How deep scopes may be in each other: deeper than any program, and no burden for a stack. */
  private static final int DEEPEST = 256;

  private final JsonReader json;
  private final Map<String, String> ofDump = new HashMap<>();
  private final List<Container> containers = new ArrayList<>();

  /** Most threads are at a few places. */
  private final Map<Place, Place> places = new HashMap<>();

  /** The containers in each, by its id. */
  private final Map<String, List<Container>> byParent = new HashMap<>();

  /**
   * As the dump has it.
   *
   * @param parent the id of the one around it; null for none
   * @param owner the thread that has opened it; null if that is none in particular
   * @param threads those in it, without their scopes
   */
  private record Container(String id, String parent, String owner, List<ScopedThread> threads) {
    /** Without the class and the hash, which the JDK adds. */
    private String name() {
      int end = id.indexOf("/jdk.internal.");
      return end > 0 ? id.substring(0, end) : id;
    }
  }

  DumpReader(JsonReader json) {
    this.json = json;
  }

  ThreadTree read() throws IOException {
    if (!json.isObject()) {
      throw new IOException("it is no JSON of an object");
    }
    json.object(name -> {
      if (name.equals("threadDump") && json.isObject()) {
        json.object(this::readOfDump);
      } else {
        json.skip();
      }
    });
    if (containers.isEmpty()) {
      throw new IOException("there are no threads in it");
    }
    return tree();
  }

  private void readOfDump(String name) throws IOException {
    if (name.equals("threadContainers") && json.isArray()) {
      json.array(this::readContainer);
    } else {
      keep(ofDump, name);
    }
  }

  private void readContainer() throws IOException {
    Map<String, String> fields = new HashMap<>();
    List<ScopedThread> threads = new ArrayList<>();
    json.object(name -> {
      if (name.equals("threads") && json.isArray()) {
        json.array(() -> threads.add(readThread()));
      } else {
        keep(fields, name);
      }
    });
    containers.add(
        new Container(
            fields.getOrDefault("container", ""),
            fields.get("parent"),
            fields.get("owner"),
            threads));
  }

  private ScopedThread readThread() throws IOException {
    Map<String, String> fields = new HashMap<>();
    List<String> stack = new ArrayList<>();
    json.object(name -> {
      if (name.equals("stack") && json.isArray()) {
        json.array(() -> stack.add(String.valueOf(json.scalar())));
      } else if (name.equals("parkBlocker") && json.isObject()) {
        json.object(part -> keep(fields, "parkBlocker." + part));
      } else {
        keep(fields, name);
      }
    });
    String blocker =
        Stream.of("parkBlocker.object", "blockedOn", "waitingOn")
            .filter(fields::containsKey)
            .findFirst()
            .map(fields::get)
            .orElse(null);
    Place place = Place.of(fields.getOrDefault("state", "?"), stack, blocker);
    Place known = places.putIfAbsent(place, place);
    return new ScopedThread(
        number(fields.getOrDefault("tid", "")),
        fields.getOrDefault("name", ""),
        "true".equals(fields.get("virtual")),
        known == null ? place : known,
        List.of());
  }

  private static long number(String text) throws IOException {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IOException("it has a thread whose number is no number: '" + text + "'", e);
    }
  }

  /** Keeps a value that is a word; what else there is comes with a newer JDK, and is skipped. */
  private void keep(Map<String, String> fields, String name) throws IOException {
    String value = json.scalar();
    if (value != null) {
      fields.put(name, value);
    }
  }

  private ThreadTree tree() throws IOException {
    for (Container container : containers) {
      if (container.parent != null) {
        byParent.computeIfAbsent(container.parent, _ -> new ArrayList<>()).add(container);
      }
    }
    List<ThreadScope> outermost = new ArrayList<>();
    for (Container container : takeChildren(ROOT)) {
      outermost.add(scope(container, 1));
    }
    return new ThreadTree(
        ofDump.getOrDefault("processId", "?"),
        ofDump.getOrDefault("runtimeVersion", "?"),
        ofDump.getOrDefault("time", "?"),
        outermost,
        containers.stream()
            .filter(container -> container.id.equals(ROOT))
            .flatMap(container -> container.threads.stream())
            .toList());
  }

  /**
   * The containers in one, which are asked for once. In a dump of many, two may have the same id,
   * as it is made of a hash; what is no dump of a JDK may go in circles.
   */
  private List<Container> takeChildren(String id) {
    List<Container> children = byParent.remove(id);
    return children == null ? List.of() : children;
  }

  private ThreadScope scope(Container container, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new IOException("it has scopes that are more than " + DEEPEST + " deep");
    }
    Map<Long, List<ThreadScope>> byOwner = new HashMap<>();
    Set<Long> ids = new HashSet<>();
    container.threads.forEach(thread -> ids.add(thread.id()));
    List<ThreadScope> others = new ArrayList<>();
    for (Container child : takeChildren(container.id)) {
      Long owner = child.owner == null ? null : number(child.owner);
      if (owner != null && ids.contains(owner)) {
        byOwner.computeIfAbsent(owner, _ -> new ArrayList<>()).add(scope(child, depth + 1));
      } else {
        others.add(scope(child, depth + 1));
      }
    }
    List<ScopedThread> threads =
        container.threads.stream()
            .map(thread -> {
              List<ThreadScope> scopes = byOwner.get(thread.id());
              return scopes == null
                  ? thread
                  : new ScopedThread(
                      thread.id(), thread.name(), thread.isVirtual(), thread.place(), scopes);
            })
            .toList();
    return new ThreadScope(container.name(), threads, others);
  }
}
