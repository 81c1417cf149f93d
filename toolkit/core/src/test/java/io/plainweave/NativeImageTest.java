package io.plainweave;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.server.Server;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * A native image has what it was told of when it was built. What a class reaches by name is either
 * told in the metadata that lies in the jar, or stands here with a reason why it need not be.
 */
@DisplayName("The metadata for native images")
class NativeImageTest {
  private static final String METADATA =
      "/META-INF/native-image/io.plainweave/plainweave/reachability-metadata.json";

  private static final String SCOPE = "java.util.concurrent.StructuredTaskScope";

  /** Classes of the JDK by which classes, members, resources and services are reached by name. */
  private static final Map<String, Pattern> BY_NAME =
      Map.of(
          "java.lang.Class",
          Pattern.compile(
              "forName|newInstance|getResource.*|get(Declared)?(Method|Field|Constructor)s?"
                  + "|get(Declared)?Classes|getRecordComponents|getPermittedSubclasses"),
          "java.lang.ClassLoader",
          Pattern.compile("loadClass|findClass|defineClass|getResource.*|getSystemResource.*"),
          "java.lang.Module",
          Pattern.compile("getResource.*"),
          "java.lang.invoke.MethodHandles",
          Pattern.compile("privateLookupIn"),
          "java.lang.invoke.MethodHandles$Lookup",
          Pattern.compile("find.*|unreflect.*|bind|define.*"),
          "java.lang.invoke.MethodHandleProxies",
          Pattern.compile(".*"),
          "java.lang.reflect.Proxy",
          Pattern.compile("newProxyInstance|getProxyClass"),
          "java.util.ServiceLoader",
          Pattern.compile("load.*"),
          "java.util.ResourceBundle",
          Pattern.compile("getBundle"),
          "javax.management.MBeanServer",
          Pattern.compile("registerMBean"));

  /** The same in sources, for the artifacts beside this one, which are compiled later. */
  private static final Pattern IN_SOURCES =
      Pattern.compile(
          "Class\\.forName|\\.getResource\\w*\\(|\\.getDeclared\\w+\\(|\\.getMethods?\\("
              + "|\\.getConstructors?\\(|privateLookupIn|\\.findVarHandle|\\.findVirtual|\\.findStatic\\("
              + "|ServiceLoader\\.load|newProxyInstance|registerMBean|ObjectInputStream");

  /** What is told of a use. */
  private record Told(List<String> types, String otherwise) {
    static Told in(String... types) {
      return new Told(List.of(types), "");
    }

    static Told not(String reason) {
      return new Told(List.of(), reason);
    }
  }

  /** Each use in a class of this artifact, without its package {@code io.plainweave}. */
  private static final Map<String, Told> USES =
      Map.ofEntries(
          entry(
              "internal.process.CaughtSignal Class.forName",
              Told.in("sun.misc.Signal", "sun.misc.SignalHandler")),
          entry("internal.process.CaughtSignal Class.getConstructor", Told.in("sun.misc.Signal")),
          entry("internal.process.CaughtSignal Class.getField", Told.in("sun.misc.SignalHandler")),
          entry(
              "internal.process.CaughtSignal Class.getMethod",
              Told.in("sun.misc.Signal", "sun.misc.SignalHandler")),
          entry(
              "internal.process.CaughtSignal Proxy.newProxyInstance",
              Told.in("[sun.misc.SignalHandler]")),
          entry("internal.thread.ScopeBinding Class.forName", Told.in(SCOPE)),
          entry(
              "internal.thread.ScopeBinding Class.getClasses",
              Told.in(
                  SCOPE + "$Joiner",
                  SCOPE + "$Subtask",
                  SCOPE + "$Configuration",
                  SCOPE + "$Subtask$State")),
          entry("internal.thread.ScopeBinding Class.getMethods", Told.in(SCOPE + "$Joiner")),
          entry("internal.thread.ScopeBinding Lookup.findStatic", Told.in(SCOPE)),
          entry(
              "internal.thread.ScopeBinding Lookup.findVirtual",
              Told.in(SCOPE, SCOPE + "$Joiner", SCOPE + "$Subtask", SCOPE + "$Configuration")),
          entry(
              "internal.thread.LeanJoiner Class.getMethod",
              Told.in("io.plainweave.internal.thread.LeanJoiner", SCOPE + "$Subtask")),
          entry(
              "internal.thread.LeanJoiner Lookup.findStatic",
              Told.in("io.plainweave.internal.thread.LeanJoiner")),
          entry(
              "internal.thread.LeanJoiner Proxy.newProxyInstance",
              Told.in("[" + SCOPE + "$Joiner]")),
          entry(
              "internal.thread.LeanJoiner Lookup.defineHiddenClass",
              Told.not("a native image has the proxy instead")),
          entry(
              "internal.thread.LeanJoiner Lookup.findConstructor",
              Told.not("a native image has the proxy instead")),
          entry(
              "internal.transport.EventLoop Class.forName",
              Told.in("java.lang.ThreadBuilders$VirtualThreadBuilder")),
          entry(
              "internal.transport.EventLoop Class.getDeclaredConstructor",
              Told.in("java.lang.ThreadBuilders$VirtualThreadBuilder")),
          entry(
              "status.Metrics Class.getPermittedSubclasses", Told.in("io.plainweave.CloseReason")),
          entry("server.WarmUp Class.forName", Told.in(caughtByTheJdk())),
          entry(
              "jmx.JmxRegistration MBeanServer.registerMBean",
              Told.in("io.plainweave.jmx.ServerMXBean", "io.plainweave.jmx.ServerBean")));

  /** Each use in a source of another artifact, by its file. */
  private static final Map<String, String> OTHERS =
      Map.of(
          "admin/src/main/java/io/plainweave/admin/Dashboard.java .getResourceAsStream(",
          "in the metadata of that artifact");

  private static String[] caughtByTheJdk() {
    return Stream.of(
            "java.io.UncheckedIOException",
            "java.lang.BootstrapMethodError",
            "java.lang.InternalError",
            "java.net.SocketTimeoutException",
            "java.nio.channels.AsynchronousCloseException",
            "java.nio.channels.CancelledKeyException",
            "java.nio.channels.ClosedByInterruptException",
            "java.nio.channels.ClosedChannelException",
            "java.nio.channels.ClosedSelectorException",
            "java.nio.channels.NotYetConnectedException",
            "java.util.concurrent.BrokenBarrierException",
            "java.util.concurrent.CancellationException",
            "java.util.concurrent.ExecutionException",
            "java.util.concurrent.RejectedExecutionException",
            "java.util.concurrent.StructureViolationException",
            "java.util.concurrent.TimeoutException")
        .toArray(String[]::new);
  }

  @Test
  void tellsOrExplainsAllThatIsReachedByName() throws IOException {
    assertEquals(new TreeSet<>(USES.keySet()), uses());
  }

  @Test
  void hasEachTypeThatIsReachedAndNoOther() throws IOException {
    Set<String> wanted =
        USES.values().stream()
            .flatMap(told -> told.types().stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(wanted, new TreeSet<>(told().keySet()));
  }

  @Test
  void namesWhatIsThere() throws Exception {
    for (Map.Entry<String, List<String>> each : told().entrySet()) {
      Class<?> type =
          Class.forName(
              each.getKey().replaceAll("[\\[\\]]", ""), false, Server.class.getClassLoader());
      for (String method : each.getValue()) {
        boolean there =
            method.equals("<init>")
                ? type.getDeclaredConstructors().length > 0
                : Arrays.stream(type.getDeclaredMethods())
                    .anyMatch(m -> m.getName().equals(method));
        assertTrue(there, () -> each.getKey() + " has no " + method);
      }
    }
  }

  @Test
  void isThereForTheArtifactsBesideThisOne() throws IOException {
    Set<String> found = new TreeSet<>();
    Path toolkit = Path.of("..").toAbsolutePath().normalize();
    for (String artifact : List.of("admin", "logging", "micrometer")) {
      try (Stream<Path> files = Files.walk(toolkit.resolve(artifact).resolve("src/main/java"))) {
        for (Path file : files.filter(file -> file.toString().endsWith(".java")).toList()) {
          Matcher uses = IN_SOURCES.matcher(Files.readString(file));
          while (uses.find()) {
            found.add(toolkit.relativize(file) + " " + uses.group());
          }
        }
      }
    }
    assertEquals(new TreeSet<>(OTHERS.keySet()), found);
    assertTrue(
        Files.exists(
            toolkit.resolve(
                "admin/src/main/resources/META-INF/native-image/io.plainweave/plainweave-admin"
                    + "/reachability-metadata.json")));
  }

  /** From each type in the metadata, a proxy in brackets, to the names of its methods. */
  private static Map<String, List<String>> told() throws IOException {
    String json;
    try (InputStream in = NativeImageTest.class.getResourceAsStream(METADATA)) {
      assertNotNull(in, METADATA);
      json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Map<String, List<String>> told = new TreeMap<>();
    Pattern type = Pattern.compile("\"type\": (?:\"([^\"]+)\"|\\{\"proxy\": (\\[)\"([^\"]+)\"\\])");
    for (String entry : json.split("\"condition\"")) {
      Matcher matcher = type.matcher(entry);
      if (matcher.find()) {
        String name = matcher.group(2) == null ? matcher.group(1) : "[" + matcher.group(3) + "]";
        told.put(
            name,
            Pattern.compile("\\{\"name\": \"([^\"]+)\", \"parameterTypes\"")
                .matcher(entry)
                .results()
                .map(result -> result.group(1))
                .toList());
      }
    }
    return told;
  }

  /** As {@code internal.transport.EventLoop Class.forName}. */
  private static Set<String> uses() throws IOException {
    Set<String> uses = new TreeSet<>();
    Path root =
        Path.of(
            URI.create(
                Server.class.getProtectionDomain().getCodeSource().getLocation().toString()));
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
        collect(ClassFile.of().parse(file), uses);
      }
    }
    return uses;
  }

  private static void collect(ClassModel model, Set<String> uses) {
    String user =
        model
            .thisClass()
            .asInternalName()
            .replace('/', '.')
            .replaceFirst("^io\\.plainweave\\.", "");
    model.methods().stream()
        .flatMap(method -> method.code().stream())
        .flatMap(code -> code.elementStream())
        .forEach(element -> {
          if (element instanceof InvokeInstruction call) {
            String owner = call.owner().asInternalName().replace('/', '.');
            String name = call.name().stringValue();
            Pattern names = BY_NAME.get(owner);
            if (names != null && names.matcher(name).matches()) {
              uses.add(user + " " + owner.replaceFirst(".*[.$]", "") + "." + name);
            }
          }
        });
  }
}
