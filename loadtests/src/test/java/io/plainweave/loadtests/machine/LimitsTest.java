package io.plainweave.loadtests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
final class LimitsTest {
  private static final Duration HOLD = Duration.ofSeconds(3);

  private final MachineFiles files = new MachineFiles();

  @Test
  void aLargeMachineAllowsAMillionWithinTheTime() {
    assertTrue(limits().withTime(files.machine(), HOLD).allow());
    assertEquals(List.of(), limits().tooLow());
    assertTrue(limits().all().stream().allMatch(limit -> limit.lift().isEmpty()));
  }

  @Test
  void theFilesOfTheWholeSystemAllowHalfAsManyConnections() {
    files.with(MachineFiles.FILE_NR, "1000\t0\t101001");

    decides("fs.file-max", 50_000);
    // 2,001,000 and a twentieth more
    lifts("fs.file-max", "sysctl -w fs.file-max=2102000");
  }

  @Test
  void descriptorsAllowWhatTheServersHoldTogether() {
    files.descriptors(1_024 + Layout.OWN_DESCRIPTORS);

    decides("nofile hard", Layout.heldBy(Limits.MOST_SERVERS, 1_024));
    assertEquals(1_024, limit("nofile hard").allows());
    assertEquals(Limit.Scope.PROCESS, limit("nofile hard").scope());
  }

  @Test
  void theHardLimitIsLiftedToOneProcessForAll() {
    files.descriptors(20_000);

    lifts(
        "nofile hard",
        "prlimit --pid $$ --nofile=1000200:1000200   # this shell",
        "echo 'USER - nofile 1000200' >>/etc/security/limits.conf   # logins",
        "LimitNOFILE=1000200 below [Service] in its unit   # a systemd service");
    assertEquals(List.of(), limit("nofile soft").lift());
    assertEquals("20,000, raised by the JVM", limit("nofile soft").figures());
  }

  @Test
  void aSoftLimitThatWasNotRaisedDecides() {
    files.descriptors(1_024, "2000000");

    decides("nofile soft", Layout.heldBy(Limits.MOST_SERVERS, 1_024 - Layout.OWN_DESCRIPTORS));
    lifts("nofile soft", "ulimit -n 1000200");
    assertEquals(List.of(), limit("nofile hard").lift());
  }

  @Test
  void theHardLimitCannotBeLiftedAboveNrOpen() {
    files.descriptors(10_000).with(MachineFiles.NR_OPEN, "10000");

    decides("fs.nr_open", Layout.heldBy(Limits.MOST_SERVERS, 10_000 - Layout.OWN_DESCRIPTORS));
    lifts("fs.nr_open", "sysctl -w fs.nr_open=1000200");
    List<String> names = limits().all().stream().map(Limit::name).toList();
    assertTrue(names.indexOf("fs.nr_open") < names.indexOf("nofile hard"), names::toString);
  }

  @Test
  void whatIsInTheWayOfALimitThatHasToBeLiftedIsLiftedFirst() {
    files.descriptors(10_000).with(MachineFiles.NR_OPEN, "50000");

    List<String> names = limits().toLift().stream().map(Limit::name).toList();

    assertFalse(limits().tooLow().contains(limit("fs.nr_open")));
    assertEquals(List.of("fs.nr_open", "nofile hard", "nofile soft"), names);
  }

  @Test
  void noLimitOnTheFilesOfTheWholeSystemIsNone() {
    files.with(MachineFiles.FILE_NR, "1000\t0\t9223372036854775807");

    assertEquals(Limit.ANY, limit("fs.file-max").allowsRun());
    assertEquals("not limited", limit("fs.file-max").figures());
  }

  @Test
  void aProcessWithoutDescriptorsToSpareAllowsNoConnection() {
    files.descriptors(Layout.OWN_DESCRIPTORS);

    assertEquals(0, limits().lowest().allowsRun());
  }

  @Test
  void watchesOfEpollAllowHalfAsManyConnections() {
    files.with(MachineFiles.MAX_USER_WATCHES, "900001");

    decides("max_user_watches", 450_000);
    lifts("max_user_watches", "sysctl -w fs.epoll.max_user_watches=2100000");
  }

  @Test
  void theMemoryIsDividedByWhatAConnectionTakes() {
    files.with(MachineFiles.MEMINFO, "MemAvailable: 1000000 kB");

    assertEquals("memory", limits().lowest().name());
    // 80 % of 1.024 GB by 12.6 KB
    assertEquals(65_000, limits().lowest().allows(), 500);
    lifts("memory", "needs 15.8 GB free: end programs, add memory, or lift a container's limit");
  }

  @Test
  void theMemoryOfTheProcessesCountsToo() {
    files.with(MachineFiles.MEMINFO, "MemAvailable: 1000000 kB").descriptors(20_000);

    assertEquals("memory", limits().lowest().name());
    // 104 MB for a server and a client, by 19,800 connections: 5.3 KB a connection more
    assertEquals(45_900, limits().lowest().allows(), 500);
  }

  @Test
  void theMemoryIsThatOfTheLastRun() {
    files.with(MachineFiles.MEMINFO, "MemAvailable: 1000000 kB");
    Footprint footprint = new Footprint(1_000, 1_965, 900, "a test");

    Limits limits = Limits.of(files.machine(), Limits.MILLION, footprint);

    // 80 % of 1.024 GB by 4.0 KB
    assertEquals(204_800, limits.lowest().allows(), 100);
  }

  @Test
  void aSystemWithOneLoopbackAddressIsBoundedByItsPorts() {
    files.without(MachineFiles.PORT_RANGE);

    decides("ip_local_port_range", 8_192);
    assertEquals("half of 16,384 ports, 1 address", limit("ip_local_port_range").figures());
    assertEquals(1, limit("ip_local_port_range").lift().size());
  }

  @Test
  void portsTakeAsManyAddressesAsItNeeds() {
    assertEquals("half of 28,232 ports, 71 addresses", limit("ip_local_port_range").figures());
  }

  @Test
  void fewPortsAreLifted() {
    files.with(MachineFiles.PORT_RANGE, "40000 40000");

    decides("ip_local_port_range", 0);
    lifts("ip_local_port_range", "sysctl -w net.ipv4.ip_local_port_range='1024 65535'");
  }

  @Test
  void conntrackBoundsWhereItTracks() {
    files.with(MachineFiles.CONNTRACK_COUNT, "44").with(MachineFiles.CONNTRACK_MAX, "262144");

    decides("nf_conntrack_max", 262_100);
    lifts("nf_conntrack_max", "sysctl -w net.netfilter.nf_conntrack_max=1051000");
  }

  @Test
  void tcpMemoryBoundsWhatADrainMayQueue() {
    files.with(MachineFiles.TCP_MEM, "1\t2\t500");

    decides("tcp_mem", 1_000);
    lifts("tcp_mem", "sysctl -w net.ipv4.tcp_mem='262500 350000 525000'");
  }

  @Test
  void memoryMapsMatterToGuestsOnly() {
    files.with(MachineFiles.MAX_MAP_COUNT, "65530");

    assertTrue(limits().allow());
    assertEquals(Limit.ANY, limit("max_map_count").allowsRun());
    assertEquals("65,530; 524,240 in User-mode Linux", limit("max_map_count").figures());
    lifts("max_map_count", "sysctl -w vm.max_map_count=132000");
  }

  @ParameterizedTest
  @CsvSource({
    "somaxconn, /proc/sys/net/core/somaxconn, net.core.somaxconn",
    "tcp_max_syn_backlog, /proc/sys/net/ipv4/tcp_max_syn_backlog, net.ipv4.tcp_max_syn_backlog",
  })
  void aShortBacklogAllowsAnyNumberButIsWorthLifting(String name, String file, String sysctl) {
    files.with(file, "128");

    assertEquals(Limit.ANY, limit(name).allowsRun());
    lifts(name, "sysctl -w " + sysctl + "=512");
  }

  @ParameterizedTest
  @CsvSource({
    "fs.nr_open, /proc/sys/fs/nr_open",
    "nofile hard, /proc/self/limits",
    "max_map_count, /proc/sys/vm/max_map_count",
    "fs.file-max, /proc/sys/fs/file-nr",
    "max_user_watches, /proc/sys/fs/epoll/max_user_watches",
    "somaxconn, /proc/sys/net/core/somaxconn",
    "tcp_max_syn_backlog, /proc/sys/net/ipv4/tcp_max_syn_backlog",
    "tcp_mem, /proc/sys/net/ipv4/tcp_mem",
  })
  void whatTheSystemDoesNotTellIsUnknownAndBoundsNothing(String name, String file) {
    files.without(file);

    assertEquals("unknown: this system does not tell", limit(name).figures());
    assertEquals(Limit.ANY, limit(name).allowsRun());
    assertEquals(List.of(), limit(name).lift());
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
    assertFalse(limits().all().stream().anyMatch(limit -> limit.name().equals("time")));
  }

  @Test
  void aGeneratorIsBoundedByThePortsForEachTarget() {
    Limits one = Limits.ofGenerator(files.machine(), 40_000, 1);

    assertEquals("ip_local_port_range", one.lowest().name());
    assertEquals(28_232 / 2, one.lowest().allowsRun());
    assertEquals("half of 28,232 ports for each target, 1 target", one.lowest().figures());
    assertEquals(
        List.of("3 times --target: other ports or addresses of the server"), one.lowest().lift());
    assertTrue(Limits.ofGenerator(files.machine(), 40_000, 3).allow());
  }

  @Test
  void aGeneratorHasOneEndOfEachConnection() {
    files.with(MachineFiles.FILE_NR, "1000\t0\t101001");

    Limit files = find(Limits.ofGenerator(this.files.machine(), 1_000, 1), "fs.file-max");

    assertEquals(100_001, files.allows());
    assertEquals("100,001 files free, 1 each", files.figures());
  }

  private Limits limits() {
    return Limits.of(files.machine(), Limits.MILLION, Footprint.DEFAULT);
  }

  private Limit limit(String name) {
    return find(limits(), name);
  }

  private static Limit find(Limits limits, String name) {
    return limits.all().stream().filter(it -> it.name().equals(name)).findFirst().orElseThrow();
  }

  private void decides(String name, long allows) {
    assertEquals(name, limits().lowest().name());
    assertEquals(allows, limits().lowest().allowsRun());
    assertFalse(limits().allow());
    assertTrue(limits().tooLow().contains(limits().lowest()));
  }

  private void lifts(String name, String... commands) {
    assertEquals(List.of(commands), limit(name).lift());
  }

  private long timeAllows(int cores, Duration hold) {
    Machine machine = files.cores(cores).descriptors(20_000).machine();
    return find(limits().withTime(machine, hold), "time").allows();
  }
}
