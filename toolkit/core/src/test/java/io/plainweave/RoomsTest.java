package io.plainweave;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.plainweave.server.Server;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Who may depend on whom: CONTRIBUTING.md draws it. */
@DisplayName("The packages of the toolkit")
class RoomsTest {
  private static final int MOST_FILES = 24;
  private static final int LARGEST_CIRCLE = 9;
  private static final int MOST_ARGUMENTS = 7;

  /** Beside its own, what a class of the toolkit may use of others. */
  private static final String[] OTHERS = {"java..", "javax..", "jdk..", "sun..", "org.jspecify.."};

  private static final JavaClasses TOOLKIT = new ClassFileImporter().importPath(classFiles());

  @Test
  void haveNoCycles() {
    slices().matching("io.(**)").should().beFreeOfCycles().check(TOOLKIT);
  }

  @Test
  void keepTheWordsFreeOfTheMachine() {
    mayOnlyUse(
        "io.plainweave",
        "io.plainweave.admission",
        "io.plainweave.tls",
        "io.plainweave.proxyprotocol",
        "..text",
        "..kernel",
        "..clock");
    mayOnlyUse("io.plainweave.admission", "..text");
    mayOnlyUse("io.plainweave.context", "io.plainweave");
    mayOnlyUse("io.plainweave.framing", "io.plainweave");
    mayOnlyUse("io.plainweave.protocol", "io.plainweave", "io.plainweave.tls", "..text");
    mayOnlyUse("io.plainweave.udp", "io.plainweave", "io.plainweave.admission", "..text");
    mayOnlyUse(
        "io.plainweave.event",
        "io.plainweave",
        "io.plainweave.admission",
        "io.plainweave.udp",
        "..text");
    mayOnlyUse("io.plainweave.trace");
    mayOnlyUse("io.plainweave.tls", "..text");
    mayOnlyUse("io.plainweave.proxyprotocol", "io.plainweave.admission", "..text");
  }

  private static void mayOnlyUse(String room, String... rooms) {
    classes()
        .that()
        .resideInAPackage(room)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            Stream.of(new String[] {room}, rooms, OTHERS)
                .flatMap(Stream::of)
                .toArray(String[]::new))
        .check(TOOLKIT);
  }

  @Test
  void enterTheMachineThroughTheFrontDoorsOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "io.plainweave.server",
            "io.plainweave.client",
            "io.plainweave.messaging",
            "..internal..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("..internal..")
        .check(TOOLKIT);
    noClasses()
        .that()
        .resideInAPackage("io.plainweave.messaging")
        .should()
        .dependOnClassesThat(
            describe(
                "are internal, but for the fair turn",
                type ->
                    type.getPackageName().contains(".internal.")
                        && !type.getPackageName().endsWith(".internal.transport")))
        .check(TOOLKIT);
    noClasses()
        .that()
        .resideInAPackage("io.plainweave.client")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.plainweave.server")
        .check(TOOLKIT);
    noClasses()
        .that()
        .resideInAPackage("..internal..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.plainweave.server", "io.plainweave.client")
        .check(TOOLKIT);
  }

  @Test
  void areNoneTooLargeToRead() {
    Map<String, Long> files =
        TOOLKIT.stream()
            .filter(type -> type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
            .collect(groupingBy(JavaClass::getPackageName, TreeMap::new, counting()));
    System.out.println(files.size() + " packages, files in each: " + files);
    files.values().removeIf(count -> count <= MOST_FILES);
    assertEquals(Map.of(), files);
  }

  @Test
  void haveNoLargeCircleOfClasses() {
    List<Set<String>> circles = circles(dependencies());
    System.out.println("the largest circles of classes: " + circles.stream().limit(3).toList());
    assertTrue(circles.getFirst().size() <= LARGEST_CIRCLE, () -> "" + circles.getFirst());
  }

  @Test
  void haveNoClassBelowTheServerThatNeedsTooMuch() {
    Set<String> tooMany =
        TOOLKIT.stream()
            .filter(type -> type.getPackageName().contains(".internal."))
            .flatMap(type -> type.getConstructors().stream())
            .filter(made -> made.getRawParameterTypes().size() > MOST_ARGUMENTS)
            .filter(made -> !made.getOwner().isRecord()) // its components have names
            .map(JavaConstructor::getFullName)
            .collect(toSet());
    assertEquals(Set.of(), tooMany);
  }

  /** The classes that each file names. */
  private static Map<String, Set<String>> dependencies() {
    Map<String, Set<String>> all = new TreeMap<>();
    for (JavaClass type : TOOLKIT) {
      Set<String> used = all.computeIfAbsent(file(type), _ -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        String target = file(dependency.getTargetClass().getBaseComponentType());
        if (target.startsWith("io.plainweave.") && !target.equals(file(type))) {
          used.add(target);
        }
      }
    }
    return all;
  }

  private static String file(JavaClass type) {
    return type.getName().replaceAll("\\$.*", "");
  }

  /** The strongly connected components, the largest first (Kosaraju). */
  private static List<Set<String>> circles(Map<String, Set<String>> used) {
    Map<String, Set<String>> users = new HashMap<>();
    used.forEach((from, all) -> {
      for (String to : all) {
        users.computeIfAbsent(to, _ -> new TreeSet<>()).add(from);
      }
    });
    Deque<String> finished = new ArrayDeque<>();
    Set<String> seen = new HashSet<>();
    used.keySet().forEach(start -> visit(start, used, seen, finished));
    seen.clear();
    List<Set<String>> circles = new ArrayList<>();
    while (!finished.isEmpty()) {
      Deque<String> circle = new ArrayDeque<>();
      visit(finished.pop(), users, seen, circle);
      circles.add(new TreeSet<>(circle));
    }
    circles.sort(Comparator.comparingInt((Set<String> circle) -> circle.size()).reversed());
    return circles;
  }

  private static void visit(
      String from, Map<String, Set<String>> to, Set<String> seen, Deque<String> finished) {
    if (seen.add(from)) {
      to.getOrDefault(from, Set.of()).forEach(next -> visit(next, to, seen, finished));
      finished.push(from);
    }
  }

  private static Path classFiles() {
    try {
      return Path.of(Server.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
