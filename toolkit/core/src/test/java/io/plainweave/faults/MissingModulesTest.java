package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A JVM that lacks modules of the JDK, or IPv6, or can make no class")
@Timeout(60)
class MissingModulesTest {
  /** Logback wants the last three. */
  private static final String LIMIT =
      "--limit-modules=java.base,java.management,java.logging,java.naming,java.xml";

  @Test
  void servesAndConnectsWithoutWhatTheyAreFor(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("log");
    List<String> said =
        run(MissingModulesMain.class, List.of(LIMIT), log, folder.resolve("s").toString());
    assertEquals(
        List.of("tcp e", "peer Optional.empty", "unix e", "udp u", "carriers true"),
        said.subList(0, 5),
        () -> said + read(log));
    assertTrue(said.getLast().contains("this JVM lacks the module jdk.net"), said.getLast());
    assertTrue(read(log).contains("this JVM lacks the module jdk.unsupported"), read(log));
    assertFalse(read(log).contains("NoClassDefFoundError"), read(log));
  }

  @Test
  void saysOfEachAddressThatThereIsNoIpv6(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("log");
    List<String> said = run(NoIpv6Main.class, List.of("-Djava.net.preferIPv4Stack=true"), log);
    String why = "there is no IPv6 here, or java.net.preferIPv4Stack switches it off";
    assertEquals(
        List.of(
            "java.net.BindException: cannot listen on [::1]:0: " + why,
            "java.net.BindException: cannot listen on udp:[::1]:0: " + why,
            "java.net.ConnectException: cannot connect to [::1]:9: Unsupported address type",
            "java.net.ConnectException: cannot connect to udp:[::1]:9: " + why),
        said,
        () -> read(log));
  }

  /** What GraalVM has not been asked: it says by a property that it is one. */
  @Test
  void servesInANativeImageWithAClassThatIsThereBefore(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("log");
    Path loaded = folder.resolve("loaded");
    List<String> jvm =
        List.of("-Dorg.graalvm.nativeimage.imagecode=runtime", "-Xlog:class+load:file=" + loaded);
    List<String> said = run(MissingModulesMain.class, jvm, log, folder.resolve("s").toString());
    assertTrue(said.contains("tcp e") && said.contains("udp u"), () -> said + read(log));
    assertFalse(read(loaded).contains("JoinerOfTheJdk"), "a class was made");
  }

  private static List<String> run(Class<?> main, List<String> jvm, Path log, String... arguments)
      throws IOException, InterruptedException {
    try (SignalProgram program =
        SignalProgram.start(main, jvm, List.of(arguments), Redirect.to(log.toFile()))) {
      List<String> said = program.saysAtLast();
      assertEquals(0, program.exitCode(), () -> said + read(log));
      return said;
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
