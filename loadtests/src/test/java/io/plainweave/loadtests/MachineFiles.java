package io.plainweave.loadtests;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The kernel's files of a machine with plenty of everything; tests change what they are about. */
final class MachineFiles {
  static final String PORT_RANGE = "/proc/sys/net/ipv4/ip_local_port_range";
  static final String FILE_NR = "/proc/sys/fs/file-nr";
  static final String MEMINFO = "/proc/meminfo";
  static final String TCP_MEM = "/proc/sys/net/ipv4/tcp_mem";
  static final String SOMAXCONN = "/proc/sys/net/core/somaxconn";
  static final String CONNTRACK_COUNT = "/proc/sys/net/netfilter/nf_conntrack_count";
  static final String CONNTRACK_MAX = "/proc/sys/net/netfilter/nf_conntrack_max";

  /** What is believed where {@code /proc/meminfo} is missing. */
  static final long FREE_MEMORY = 7_000_000;

  private final Map<String, String> contents = new HashMap<>();
  private int cores = 64;
  private long descriptors = 3_000_000;

  MachineFiles() {
    with(PORT_RANGE, "32768\t60999");
    with(FILE_NR, "1000\t0\t10001000");
    with(MEMINFO, "MemTotal: 250000000 kB\nMemAvailable:   200000000 kB\nBuffers: 1 kB");
    with(TCP_MEM, "287898\t383867\t10000000");
    with(SOMAXCONN, "4096");
  }

  MachineFiles with(String path, String text) {
    contents.put(path, text);
    return this;
  }

  MachineFiles without(String path) {
    contents.remove(path);
    return this;
  }

  MachineFiles cores(int number) {
    cores = number;
    return this;
  }

  MachineFiles descriptors(long aProcess) {
    descriptors = aProcess;
    return this;
  }

  Machine machine() {
    return Machine.of(
        path -> Optional.ofNullable(contents.get(path)), cores, descriptors, FREE_MEMORY);
  }
}
