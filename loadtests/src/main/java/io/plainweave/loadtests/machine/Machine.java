package io.plainweave.loadtests.machine;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The figures of this machine that bound a run.
 *
 * @param cores processors this process may use
 * @param descriptors descriptors a process may open
 * @param hardDescriptors descriptors a process may ask for; empty if unknown
 * @param openFiles files of the whole system ({@code fs.file-max}); empty if unknown
 * @param memory bytes of memory available to new processes
 * @param ports ephemeral ports, that is connections to one destination
 * @param wholeLoopback whether all of 127.0.0.0/8 is local
 * @param tcpMemory bytes the kernel lends to all TCP queues ({@code tcp_mem}); empty if unknown
 * @param tracked connections that conntrack tracks; empty where it tracks none
 * @param sysctls kernel settings that are one number, by name; those that are unknown are not there
 */
public record Machine(
    int cores,
    long descriptors,
    OptionalLong hardDescriptors,
    Optional<Usage> openFiles,
    long memory,
    int ports,
    boolean wholeLoopback,
    OptionalLong tcpMemory,
    Optional<Usage> tracked,
    Map<String, Long> sysctls) {

  /** So many of something, and the most that there may be. */
  record Usage(long used, long most) {
    long free() {
      return Math.max(0, most - used);
    }
  }

  static final String NR_OPEN = "fs.nr_open";
  static final String MAX_USER_WATCHES = "fs.epoll.max_user_watches";
  static final String SOMAXCONN = "net.core.somaxconn";
  static final String MAX_SYN_BACKLOG = "net.ipv4.tcp_max_syn_backlog";
  public static final String TCP_MIGRATE_REQ = "net.ipv4.tcp_migrate_req";
  static final String MAX_MAP_COUNT = "vm.max_map_count";

  private static final List<String> SYSCTLS =
      List.of(
          NR_OPEN, MAX_USER_WATCHES, SOMAXCONN, MAX_SYN_BACKLOG, TCP_MIGRATE_REQ, MAX_MAP_COUNT);

  private static final int PAGE = 4096;

  /** More than any of the files holds; also the most that a single read takes. */
  private static final int MOST_BYTES = 8192;

  private static final Pattern MEM_AVAILABLE = Pattern.compile("(?m)^MemAvailable:\\s+(\\d+) kB$");
  private static final Pattern SLAB = Pattern.compile("(?m)^Slab:\\s+(\\d+) kB$");
  private static final Pattern OPEN_FILES =
      Pattern.compile("(?m)^Max open files\\s+(\\d+|unlimited)\\s+(\\d+|unlimited)\\s");
  private static final String CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack_";

  public static Machine read() {
    return read(Path.of("/"));
  }

  /**
   * This machine, as the files below a folder tell it.
   *
   * @param root the folder that has {@code proc} and {@code sys}
   */
  static Machine read(Path root) {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long descriptors =
        system instanceof UnixOperatingSystemMXBean unix
            ? unix.getMaxFileDescriptorCount()
            : Integer.MAX_VALUE;
    // conntrack may be loaded and yet track nothing: whether it does shows with a connection open.
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket()) {
      client.connect(listener.getLocalSocketAddress());
      return of(
          path -> contents(root.resolve(path.substring(1))),
          Runtime.getRuntime().availableProcessors(),
          descriptors,
          system.getFreeMemorySize());
    } catch (IOException e) {
      throw new UncheckedIOException("loopback does not work", e);
    }
  }

  /**
   * The figures out of the kernel's files.
   *
   * @param files gives the contents of a file; empty where there is none
   * @param descriptors what to believe where the files do not tell
   * @param freeMemory what to believe where the files do not tell
   */
  static Machine of(
      Function<String, Optional<String>> files, int cores, long descriptors, long freeMemory) {
    Optional<Matcher> limits =
        files.apply("/proc/self/limits").map(OPEN_FILES::matcher).filter(Matcher::find);
    Optional<long[]> range = numbers(files, "/proc/sys/net/ipv4/ip_local_port_range", 2);
    Map<String, Long> sysctls = new HashMap<>();
    for (String name : SYSCTLS) {
      number(files, "/proc/sys/" + name.replace('.', '/'))
          .ifPresent(value -> sysctls.put(name, value));
    }
    return new Machine(
        cores,
        limits.map(it -> number(it.group(1))).orElse(descriptors),
        limits.map(it -> OptionalLong.of(number(it.group(2)))).orElse(OptionalLong.empty()),
        // Three numbers: allocated, free (always 0 since Linux 2.6), most.
        numbers(files, "/proc/sys/fs/file-nr", 3).map(it -> new Usage(it[0], it[2])),
        memory(files, freeMemory),
        // Without the file: the range that IANA sets aside, which other systems use.
        range.map(it -> (int) (it[1] - it[0] + 1)).orElse(65_535 - 49_152 + 1),
        range.isPresent(),
        numbers(files, "/proc/sys/net/ipv4/tcp_mem", 3)
            .map(it -> OptionalLong.of(it[2] * PAGE))
            .orElse(OptionalLong.empty()),
        tracked(files),
        Map.copyOf(sysctls));
  }

  /** Bytes of the kernel's own objects, sockets among them; empty if unknown. */
  public static OptionalLong slabs() {
    return contents(Path.of("/proc/meminfo"))
        .map(SLAB::matcher)
        .filter(Matcher::find)
        .map(it -> OptionalLong.of(Long.parseLong(it.group(1)) * 1024))
        .orElse(OptionalLong.empty());
  }

  /** This machine, if a process might open so many descriptors. */
  public Machine with(long descriptors) {
    return new Machine(
        cores,
        descriptors,
        hardDescriptors,
        openFiles,
        memory,
        ports,
        wholeLoopback,
        tcpMemory,
        tracked,
        sysctls);
  }

  /** A kernel setting that is one number; empty if unknown. */
  public OptionalLong sysctl(String name) {
    Long value = sysctls.get(name);
    return value == null ? OptionalLong.empty() : OptionalLong.of(value);
  }

  /** The longest backlog of a listener; where it is unknown, what systems have had for long. */
  int backlog() {
    return (int) Math.min(Integer.MAX_VALUE, sysctl(SOMAXCONN).orElse(128));
  }

  private static long memory(Function<String, Optional<String>> files, long freeMemory) {
    long available =
        files
            .apply("/proc/meminfo")
            .map(MEM_AVAILABLE::matcher)
            .filter(Matcher::find)
            .map(it -> Long.parseLong(it.group(1)) * 1024)
            .orElse(freeMemory);
    // In a container /proc/meminfo is the host's; the group's own limit may be lower.
    Optional<Long> most = number(files, "/sys/fs/cgroup/memory.max"); // "max" where there is none
    Optional<Long> used = number(files, "/sys/fs/cgroup/memory.current");
    return most.isPresent() && used.isPresent()
        ? Math.min(available, Math.max(0, most.get() - used.get()))
        : available;
  }

  private static Optional<Usage> tracked(Function<String, Optional<String>> files) {
    long count = number(files, CONNTRACK + "count").orElse(0L);
    return number(files, CONNTRACK + "max")
        .filter(_ -> count > 0)
        .map(most -> new Usage(count, most));
  }

  private static long number(String text) {
    return text.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(text);
  }

  private static Optional<Long> number(Function<String, Optional<String>> files, String path) {
    return numbers(files, path, 1).map(it -> it[0]);
  }

  /** So many numbers out of a file; empty if there is no file, or something else in it. */
  private static Optional<long[]> numbers(
      Function<String, Optional<String>> files, String path, int count) {
    return files
        .apply(path)
        .filter(text -> text.matches("\\d{1,19}(\\s+\\d{1,19}){" + (count - 1) + "}"))
        .map(text ->
            Pattern.compile("\\s+").splitAsStream(text).mapToLong(Long::parseLong).toArray());
  }

  private static Optional<String> contents(Path file) {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    // Files.readString begins with a read of one byte where the size is said to be 0, and the files
    // under /proc/sys give nothing to a second read.
    try (InputStream in = Files.newInputStream(file)) {
      return Optional.of(new String(in.readNBytes(MOST_BYTES), StandardCharsets.US_ASCII).strip());
    } catch (IOException ignored) { // a sandbox may list a file and refuse it: then it is unknown
      return Optional.empty();
    }
  }
}
