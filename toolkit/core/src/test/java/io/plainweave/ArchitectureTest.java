package io.plainweave;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.socket.InheritedSocket;
import io.plainweave.internal.transport.Polled;
import io.plainweave.internal.transport.Poller;
import io.plainweave.internal.udp.PeerSocket;
import io.plainweave.internal.udp.ReceiverSockets;
import io.plainweave.internal.udp.UdpSocket;
import io.plainweave.server.Server;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.Timer;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

@DisplayName("The toolkit")
class ArchitectureTest {
  /** JVMS 4.1. */
  private static final int JAVA_25 = 69;

  private static final int LONGEST_FILE = 450;

  /** Most of their lines are what users are promised, who look for that in one place. */
  private static final Set<String> LONGER = Set.of("Connection.java", "ServerBuilder.java");

  private static final int LONGEST_PROMISE = 530;

  private static final Path CLASS_FILES = classFiles();
  private static final Path SOURCES = CLASS_FILES.resolve("../../src/main/java").normalize();
  private static final JavaClasses TOOLKIT = new ClassFileImporter().importPath(CLASS_FILES);

  @Test
  void namesTheStructuredTaskScopeOfTheJdkNowhere() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java.util.concurrent.StructuredTaskScope.*")
        .because("its shape changes with each Java release; ScopeBinding finds it at run time")
        .check(TOOLKIT);
  }

  @Test
  void hasClassFilesThatEachJdkFromTwentyFiveOnLoadsWithoutAFlag() throws IOException {
    // The module descriptor is older: the build says why.
    Predicate<Path> isClass = file -> !file.endsWith("module-info.class");
    Set<Path> classFiles = only(filesBelow(CLASS_FILES, ".class"), isClass);
    assertEquals(Set.of(), only(classFiles, file -> !isOfJava25(file)));
  }

  @Test
  void writesToTheConsoleInTheOneLinerOnly() {
    noClasses()
        .that()
        .haveNameNotMatching("io\\.plainweave\\.server\\.ServeCommand")
        .should(ACCESS_STANDARD_STREAMS)
        .because("the console belongs to the program")
        .check(TOOLKIT);
  }

  @Test
  void logsInOneClassOnly() {
    noClasses()
        .that()
        .doNotBelongToAnyOf(Log.class)
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(Logger.class, LoggerFactory.class)
        .because("what peers send must not forge lines of the log")
        .check(TOOLKIT);
  }

  @Test
  void knowsTheFlightRecorderInOneRoomOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..internal.recording")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.jfr..")
        .because("a JVM may be without it")
        .check(TOOLKIT);
  }

  @Test
  void neverSleeps() {
    noClasses()
        .should()
        .callMethodWhere(
            describe(
                "the target sleeps",
                call ->
                    call.getTarget().getName().equals("sleep")
                        && (call.getTargetOwner().isAssignableTo(Thread.class)
                            || call.getTargetOwner().isAssignableTo(TimeUnit.class))))
        .check(TOOLKIT);
  }

  @Test
  void leavesOutWhatDoesNotSuitAMillionThreads() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .areAssignableTo(ThreadLocal.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Timer.class)
        .check(TOOLKIT);
  }

  @Test
  void waitsForChannelsInThePollerInReceiversAndForAnInheritedSocketOnly() {
    noClasses()
        .that()
        .doNotBelongToAnyOf(
            Poller.class,
            Polled.Source.class,
            ReceiverSockets.class,
            UdpSocket.class,
            PeerSocket.class,
            InheritedSocket.class)
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Selector.class)
        .check(TOOLKIT);
  }

  @Test
  void readsTheKernelsTablesInOnePackageOnly() throws IOException {
    Predicate<Path> names = file -> text(file).contains("Path.of(\"/proc");
    Set<Path> sources = filesBelow(SOURCES, ".java");

    assertEquals(
        only(only(sources, names), file -> file.getParent().endsWith("kernel")),
        only(sources, names));
  }

  @Test
  void hasNoSynchronizedMethods() {
    noMethods().should().haveModifier(SYNCHRONIZED).check(TOOLKIT);
  }

  @Test
  void hasNoFileTooLongToRead() throws IOException {
    assertEquals(Set.of(), only(filesBelow(SOURCES, ".java"), file -> lines(file) > longest(file)));
  }

  private static int longest(Path file) {
    return LONGER.contains(file.getFileName().toString()) ? LONGEST_PROMISE : LONGEST_FILE;
  }

  private static Path classFiles() {
    try {
      return Path.of(Server.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static Set<Path> filesBelow(Path folder, String suffix) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return only(files, file -> file.toString().endsWith(suffix));
    }
  }

  private static Set<Path> only(Set<Path> files, Predicate<Path> predicate) {
    return only(files.stream(), predicate);
  }

  private static Set<Path> only(Stream<Path> files, Predicate<Path> predicate) {
    return files.filter(predicate).collect(toCollection(TreeSet::new));
  }

  /** A minor version would be the mark of a preview feature. */
  private static boolean isOfJava25(Path classFile) {
    try (var in = new DataInputStream(Files.newInputStream(classFile))) {
      in.readInt(); // magic
      int minor = in.readUnsignedShort();
      return minor == 0 && in.readUnsignedShort() == JAVA_25;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path source) {
    try {
      return Files.readString(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long lines(Path source) {
    try (Stream<String> lines = Files.lines(source)) {
      return lines.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
