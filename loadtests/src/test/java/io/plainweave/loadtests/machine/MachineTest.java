package io.plainweave.loadtests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class MachineTest {
  private final MachineFiles files = new MachineFiles();

  @Test
  void readsTheKernelsFiles() {
    Machine machine = files.cores(2).descriptors(20_000).machine();

    assertEquals(
        new Machine(
            2,
            20_000,
            OptionalLong.of(20_000),
            Optional.of(new Machine.Usage(1_000, 10_001_000)),
            200_000_000L * 1024,
            28_232,
            true,
            OptionalLong.of(10_000_000L * 4096),
            Optional.empty(),
            Map.of(
                "fs.nr_open", 3_000_000L,
                "fs.epoll.max_user_watches", 50_000_000L,
                "net.core.somaxconn", 4_096L,
                "net.ipv4.tcp_max_syn_backlog", 4_096L,
                "vm.max_map_count", 1_000_000L)),
        machine);
  }

  @Test
  void aContainersLimitLowersTheMemory() {
    files.with("/sys/fs/cgroup/memory.max", "2000000000");
    files.with("/sys/fs/cgroup/memory.current", "500000000");

    assertEquals(1_500_000_000, files.machine().memory());
  }

  @Test
  void aContainerWithoutLimitLeavesTheMemory() {
    files.with("/sys/fs/cgroup/memory.max", "max");
    files.with("/sys/fs/cgroup/memory.current", "500000000");

    assertEquals(200_000_000L * 1024, files.machine().memory());
  }

  @Test
  void conntrackThatTracksNothingIsNoLimit() {
    files.with(MachineFiles.CONNTRACK_COUNT, "0").with(MachineFiles.CONNTRACK_MAX, "262144");

    assertEquals(Optional.empty(), files.machine().tracked());
  }

  @Test
  void conntrackThatTracksIsALimit() {
    files.with(MachineFiles.CONNTRACK_COUNT, "44").with(MachineFiles.CONNTRACK_MAX, "262144");

    assertEquals(Optional.of(new Machine.Usage(44, 262_144)), files.machine().tracked());
  }

  @Test
  void withoutTheFilesItBelievesWhatItIsTold() {
    files
        .without(MachineFiles.PORT_RANGE)
        .without(MachineFiles.FILE_NR)
        .without(MachineFiles.MEMINFO)
        .without(MachineFiles.TCP_MEM)
        .without(MachineFiles.SOMAXCONN)
        .without(MachineFiles.LIMITS);

    Machine machine = files.machine();

    assertEquals(MachineFiles.FREE_MEMORY, machine.memory());
    assertEquals(16_384, machine.ports());
    assertFalse(machine.wholeLoopback());
    assertEquals(Optional.empty(), machine.openFiles());
    assertEquals(MachineFiles.DESCRIPTORS, machine.descriptors());
    assertEquals(OptionalLong.empty(), machine.hardDescriptors());
    assertEquals(OptionalLong.empty(), machine.tcpMemory());
    assertEquals(128, machine.backlog());
  }

  @Test
  void aFileWithSomethingElseInItIsAsIfItWereMissing() {
    files.with(MachineFiles.NR_OPEN, "none").with(MachineFiles.FILE_NR, "1 2");
    files.with(MachineFiles.LIMITS, "").with(MachineFiles.TCP_MEM, "-1 -1 -1");

    Machine machine = files.machine();

    assertEquals(OptionalLong.empty(), machine.sysctl(Machine.NR_OPEN));
    assertEquals(Optional.empty(), machine.openFiles());
    assertEquals(OptionalLong.empty(), machine.tcpMemory());
    assertEquals(MachineFiles.DESCRIPTORS, machine.descriptors());
  }

  @Test
  void aHardLimitMayBeUnlimited() {
    files.descriptors(1_024, "unlimited");

    assertEquals(1_024, files.machine().descriptors());
    assertEquals(OptionalLong.of(Long.MAX_VALUE), files.machine().hardDescriptors());
  }

  @Test
  void readsTheMachineItRunsOn() {
    Machine machine = Machine.read();

    assertTrue(machine.cores() >= 1, machine::toString);
    assertTrue(machine.descriptors() > 100, machine::toString);
    assertTrue(machine.memory() > 100_000_000, machine::toString);
    assertTrue(machine.ports() > 1_000, machine::toString);
  }
}
