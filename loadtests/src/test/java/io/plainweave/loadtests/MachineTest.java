package io.plainweave.loadtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
            OptionalLong.of(10_000_000),
            200_000_000L * 1024,
            28_232,
            true,
            OptionalLong.of(10_000_000L * 4096),
            OptionalLong.empty(),
            4096),
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

    assertEquals(OptionalLong.empty(), files.machine().tracked());
  }

  @Test
  void conntrackThatTracksIsALimit() {
    files.with(MachineFiles.CONNTRACK_COUNT, "44").with(MachineFiles.CONNTRACK_MAX, "262144");

    assertEquals(OptionalLong.of(262_100), files.machine().tracked());
  }

  @Test
  void withoutTheFilesItBelievesWhatItIsTold() {
    files
        .without(MachineFiles.PORT_RANGE)
        .without(MachineFiles.FILE_NR)
        .without(MachineFiles.MEMINFO)
        .without(MachineFiles.TCP_MEM)
        .without(MachineFiles.SOMAXCONN);

    Machine machine = files.machine();

    assertEquals(MachineFiles.FREE_MEMORY, machine.memory());
    assertEquals(16_384, machine.ports());
    assertFalse(machine.wholeLoopback());
    assertEquals(OptionalLong.empty(), machine.openFiles());
    assertEquals(OptionalLong.empty(), machine.tcpMemory());
    assertEquals(128, machine.backlog());
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
