package io.plainweave.loadtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class LimitsTest {
  private static final Duration HOLD = Duration.ofSeconds(3);

  private final MachineFiles files = new MachineFiles();

  @Test
  void aLargeMachineIsBoundedByTheMillion() {
    Limit lowest = Limits.lowest(Limits.ofDefaultRun(files.machine(), HOLD));

    assertEquals(new Limit("million", 1_000_000, "what this load test is named after"), lowest);
  }

  @Test
  void theFilesOfTheWholeSystemAllowHalfAsManyConnections() {
    files.with(MachineFiles.FILE_NR, "1000\t0\t101001");

    assertEquals(new Limit("fs.file-max", 50_000, "100,001 files free, 2 a connection"), lowest());
  }

  @Test
  void descriptorsAllowWhatTheServersHoldTogether() {
    files.descriptors(1_024 + Layout.OWN_DESCRIPTORS);

    assertEquals("descriptors", lowest().name());
    assertEquals(Layout.heldBy(Limits.MOST_SERVERS, 1_024), lowest().allows());
  }

  @Test
  void aProcessWithoutDescriptorsToSpareAllowsNoConnection() {
    files.descriptors(Layout.OWN_DESCRIPTORS);

    assertEquals(0, lowest().allows());
  }

  @Test
  void theMemoryIsDividedByWhatAConnectionTakes() {
    files.with(MachineFiles.MEMINFO, "MemAvailable: 1000000 kB");

    assertEquals("memory", lowest().name());
    // 80 % of 1.024 GB by 12.6 KB
    assertEquals(65_000, lowest().allows(), 500);
  }

  @Test
  void theMemoryOfTheProcessesCountsToo() {
    files.with(MachineFiles.MEMINFO, "MemAvailable: 1000000 kB").descriptors(20_000);

    assertEquals("memory", lowest().name());
    // 104 MB for a server and a client, by 19,800 connections: 5.3 KB a connection more
    assertEquals(45_900, lowest().allows(), 500);
  }

  @Test
  void aSystemWithOneLoopbackAddressIsBoundedByItsPorts() {
    files.without(MachineFiles.PORT_RANGE);

    assertEquals(
        new Limit("ports", 8_192, "half of 16,384 ports to each of 1 destinations"), lowest());
  }

  @Test
  void conntrackBoundsWhereItTracks() {
    files.with(MachineFiles.CONNTRACK_COUNT, "44").with(MachineFiles.CONNTRACK_MAX, "262144");

    assertEquals(new Limit("conntrack", 262_100, "262,100 entries free"), lowest());
  }

  @Test
  void tcpMemoryBoundsWhatADrainMayQueue() {
    files.with(MachineFiles.TCP_MEM, "1\t2\t500");

    assertEquals("tcp_mem", lowest().name());
    assertEquals(1_000, lowest().allows());
  }

  @Test
  void timeAllowsMoreOnMoreCores() {
    assertEquals(2 * timeAllows(1, HOLD), timeAllows(2, HOLD), 1);
  }

  @Test
  void timeAllowsLessWithALongerHold() {
    assertTrue(timeAllows(2, Duration.ofSeconds(30)) < timeAllows(2, HOLD));
    assertEquals(0, timeAllows(2, Duration.ofMinutes(10)));
  }

  @Test
  void timeBoundsNobodyWhoAsksForANumber() {
    assertTrue(Limits.of(files.machine()).stream().noneMatch(limit -> limit.name().equals("time")));
  }

  private Limit lowest() {
    return Limits.lowest(Limits.of(files.machine()));
  }

  private long timeAllows(int cores, Duration hold) {
    List<Limit> limits =
        Limits.ofDefaultRun(files.cores(cores).descriptors(20_000).machine(), hold);
    return limits.stream()
        .filter(limit -> limit.name().equals("time"))
        .findFirst()
        .orElseThrow()
        .allows();
  }
}
