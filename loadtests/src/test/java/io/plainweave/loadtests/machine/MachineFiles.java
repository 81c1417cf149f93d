package io.plainweave.loadtests.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
  static final String NR_OPEN = "/proc/sys/fs/nr_open";
  static final String MAX_USER_WATCHES = "/proc/sys/fs/epoll/max_user_watches";
  static final String MAX_SYN_BACKLOG = "/proc/sys/net/ipv4/tcp_max_syn_backlog";
  static final String MAX_MAP_COUNT = "/proc/sys/vm/max_map_count";
  static final String LIMITS = "/proc/self/limits";
  static final String CONNTRACK_COUNT = "/proc/sys/net/netfilter/nf_conntrack_count";
  static final String CONNTRACK_MAX = "/proc/sys/net/netfilter/nf_conntrack_max";

  /** What is believed where {@code /proc/self/limits} is missing. */
  static final long DESCRIPTORS = 2_000;

  /** What is believed where {@code /proc/meminfo} is missing. */
  static final long FREE_MEMORY = 7_000_000;

  private final Map<String, String> contents = new HashMap<>();
  private int cores = 64;

  MachineFiles() {
    with(PORT_RANGE, "32768\t60999");
    with(FILE_NR, "1000\t0\t10001000");
    with(MEMINFO, "MemTotal: 250000000 kB\nMemAvailable:   200000000 kB\nBuffers: 1 kB");
    with(TCP_MEM, "287898\t383867\t10000000");
    with(SOMAXCONN, "4096");
    with(NR_OPEN, "3000000");
    with(MAX_USER_WATCHES, "50000000");
    with(MAX_SYN_BACKLOG, "4096");
    with(MAX_MAP_COUNT, "1000000");
    descriptors(3_000_000);
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
    return descriptors(aProcess, Long.toString(aProcess));
  }

  MachineFiles descriptors(long soft, String hard) {
    return with(
        LIMITS,
        "Limit                     Soft Limit           Hard Limit           Units     \n"
            + "Max stack size            8388608              unlimited            bytes     \n"
            + String.format("Max open files            %-20d %-20s files     \n", soft, hard)
            + "Max locked memory         8388608              8388608              bytes     \n");
  }

  /** Writes the files below a folder. */
  void writeTo(Path root) throws IOException {
    for (Map.Entry<String, String> file : contents.entrySet()) {
      Path path = root.resolve(file.getKey().substring(1));
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue() + "\n");
    }
  }

  Machine machine() {
    return Machine.of(
        path -> Optional.ofNullable(contents.get(path)), cores, DESCRIPTORS, FREE_MEMORY);
  }
}
