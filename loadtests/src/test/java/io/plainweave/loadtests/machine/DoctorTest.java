package io.plainweave.loadtests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The command with the kernel's files of machines that are not here. */
@Timeout(30)
final class DoctorTest {
  private static final MachineFiles NOTHING =
      new MachineFiles()
          .with(MachineFiles.FILE_NR, "999999999\t0\t1000000000")
          .with(MachineFiles.MEMINFO, "MemAvailable: 1 kB")
          .with(MachineFiles.TCP_MEM, "1\t1\t1")
          .with(MachineFiles.NR_OPEN, "300")
          .with(MachineFiles.MAX_MAP_COUNT, "1")
          .with(MachineFiles.MAX_USER_WATCHES, "1")
          .with(MachineFiles.SOMAXCONN, "1")
          .with(MachineFiles.MAX_SYN_BACKLOG, "1")
          .with(MachineFiles.PORT_RANGE, "1 1")
          .with(MachineFiles.CONNTRACK_COUNT, "262144")
          .with(MachineFiles.CONNTRACK_MAX, "262144")
          .descriptors(250, "300");

  @TempDir private Path root;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void aMillionFitsALargeMachine() throws IOException {
    assertEquals(0, doctor(new MachineFiles()));

    assertTrue(
        lines().getFirst().startsWith("1,000,000 connections fit on this machine: "),
        out::toString);
    assertTrue(lines().get(1).contains(" holds 2,999,800 of them: it takes 1 server + "));
    assertEquals(0, count("too low"));
    assertEquals(1, count("decides"));
    assertEquals("", err.toString());
  }

  @Test
  void manyProcessesHoldWhatOneCannot() throws IOException {
    assertEquals(0, doctor(new MachineFiles().descriptors(20_000)));

    assertTrue(lines().get(1).contains("it takes 53 server + 51 client processes"), out::toString);
    assertTrue(out.toString().contains("Not needed, but"), out::toString);
    assertTrue(out.toString().contains("prlimit --pid $$ --nofile=1000200:1000200"));
  }

  @Test
  void whatIsTooLowIsNamedFirstAndLifted() throws IOException {
    assertEquals(1, doctor(new MachineFiles().with(MachineFiles.FILE_NR, "0\t0\t100000")));

    assertEquals(
        "1,000,000 connections do not fit on this machine: fs.file-max allows 50,000.",
        lines().getFirst());
    assertTrue(
        out.toString().contains("To lift what is too low (settings need root):"), out::toString);
    assertTrue(out.toString().contains("sysctl -w fs.file-max=2100000"), out::toString);
  }

  @Test
  void fewerConnectionsFitASmallerMachine() throws IOException {
    MachineFiles small = new MachineFiles().with(MachineFiles.FILE_NR, "0\t0\t100000");

    assertEquals(0, doctor(small, "-n", "50000"));
    assertEquals(1, doctor(small, "-n", "50001"));
  }

  @Test
  void aMachineWithNothingLeftGetsACommandForEverything() throws IOException {
    assertEquals(1, doctor(NOTHING));

    assertTrue(
        lines().get(1).endsWith("holds 50 of them: it would take more than 64 server processes."));
    for (String name :
        List.of(
            "fs.nr_open",
            "nofile hard",
            "nofile soft",
            "max_map_count",
            "fs.file-max",
            "max_user_watches",
            "memory",
            "ip_local_port_range",
            "somaxconn",
            "tcp_max_syn_backlog",
            "tcp_mem",
            "nf_conntrack_max")) {
      assertEquals(
          1, lines().stream().filter(it -> it.startsWith("  " + name + " ")).count(), name);
    }
  }

  @Test
  void aSystemWithoutTheFilesIsNoFailure() {
    int exitCode = execute("doctor", "-n", "8000", "--root", root.toString());

    // Its descriptors and memory are those of the JVM here.
    assertTrue(exitCode == 0 || out.toString().contains("do not fit"), this::both);
    assertEquals(9, count("unknown: this system does not tell"), this::both);
    assertEquals("", err.toString());
  }

  static Stream<List<String>> numbers() {
    return Stream.of(List.of(), List.of("-n", "1"), List.of("-n", "2147483647"));
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void everyLineFitsAHundredColumns(List<String> options) throws IOException {
    MachineFiles recent = // what systemd sets
        new MachineFiles()
            .with(MachineFiles.FILE_NR, "1000\t0\t9223372036854775807")
            .with(MachineFiles.NR_OPEN, "1073741816")
            .with(MachineFiles.MAX_MAP_COUNT, "2147483647")
            .descriptors(1_073_741_816);
    for (MachineFiles files : List.of(NOTHING, new MachineFiles().descriptors(20_000), recent)) {
      doctor(files, options.toArray(String[]::new));
    }

    for (String line : lines()) {
      assertTrue(line.length() <= 100, () -> line.length() + ": " + line);
    }
  }

  @Test
  void theMachineHereHasAnAnswer() {
    int exitCode = execute("doctor");

    assertTrue(exitCode == 0 || exitCode == 1, this::both);
    assertEquals("", err.toString());
    assertEquals(1, count("decides"), this::both);
  }

  private int doctor(MachineFiles files, String... options) throws IOException {
    files.writeTo(root);
    return execute(
        Stream.concat(Stream.of("doctor", "--root", root.toString()), Stream.of(options))
            .toArray(String[]::new));
  }

  private int execute(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  private List<String> lines() {
    return out.toString().lines().toList();
  }

  private long count(String text) {
    return lines().stream().filter(line -> line.contains(text)).count();
  }

  private String both() {
    return out + "\n" + err;
  }
}
