package io.plainweave.loadtests;

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
 * @param openFiles files the whole system may still open ({@code fs.file-max}); empty if unknown
 * @param memory bytes of memory available to new processes
 * @param ports ephemeral ports, that is connections to one destination
 * @param wholeLoopback whether all of 127.0.0.0/8 is local
 * @param tcpMemory bytes the kernel lends to all TCP queues ({@code tcp_mem}); empty if unknown
 * @param tracked connections conntrack can still track; empty where it tracks none
 * @param backlog longest backlog of a listener ({@code somaxconn})
 */
record Machine(
    int cores,
    long descriptors,
    OptionalLong openFiles,
    long memory,
    int ports,
    boolean wholeLoopback,
    OptionalLong tcpMemory,
    OptionalLong tracked,
    int backlog) {

  private static final int PAGE = 4096;

  /** More than any of the files holds; also the most that a single read takes. */
  private static final int MOST_BYTES = 8192;

  private static final Pattern MEM_AVAILABLE = Pattern.compile("(?m)^MemAvailable:\\s+(\\d+) kB$");
  private static final String CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack_";

  static Machine read() {
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
          Machine::contents,
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
   * @param freeMemory what to believe where the files do not tell
   */
  static Machine of(
      Function<String, Optional<String>> files, int cores, long descriptors, long freeMemory) {
    Optional<long[]> range =
        files.apply("/proc/sys/net/ipv4/ip_local_port_range").map(Machine::numbers);
    return new Machine(
        cores,
        descriptors,
        openFiles(files),
        memory(files, freeMemory),
        // Without the file: the range that IANA sets aside, which other systems use.
        range.map(it -> (int) (it[1] - it[0] + 1)).orElse(65_535 - 49_152 + 1),
        range.isPresent(),
        files
            .apply("/proc/sys/net/ipv4/tcp_mem")
            .map(it -> OptionalLong.of(numbers(it)[2] * PAGE))
            .orElse(OptionalLong.empty()),
        tracked(files),
        files.apply("/proc/sys/net/core/somaxconn").map(it -> (int) numbers(it)[0]).orElse(128));
  }

  /** This machine, if a process might open so many descriptors. */
  Machine with(long descriptors) {
    return new Machine(
        cores, descriptors, openFiles, memory, ports, wholeLoopback, tcpMemory, tracked, backlog);
  }

  private static OptionalLong openFiles(Function<String, Optional<String>> files) {
    // Three numbers: allocated, free (always 0 since Linux 2.6), most.
    return files
        .apply("/proc/sys/fs/file-nr")
        .map(Machine::numbers)
        .map(it -> OptionalLong.of(it[2] - it[0]))
        .orElse(OptionalLong.empty());
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
    Optional<String> most =
        files.apply("/sys/fs/cgroup/memory.max").filter(it -> !it.equals("max"));
    Optional<String> used = files.apply("/sys/fs/cgroup/memory.current");
    return most.isPresent() && used.isPresent()
        ? Math.min(available, Long.parseLong(most.get()) - Long.parseLong(used.get()))
        : available;
  }

  private static OptionalLong tracked(Function<String, Optional<String>> files) {
    long count = files.apply(CONNTRACK + "count").map(it -> numbers(it)[0]).orElse(0L);
    Optional<Long> most = files.apply(CONNTRACK + "max").map(it -> numbers(it)[0]);
    return count > 0 && most.isPresent()
        ? OptionalLong.of(most.get() - count)
        : OptionalLong.empty();
  }

  private static long[] numbers(String text) {
    return Pattern.compile("\\s+").splitAsStream(text).mapToLong(Long::parseLong).toArray();
  }

  private static Optional<String> contents(String path) {
    Path file = Path.of(path);
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    // Files.readString begins with a read of one byte where the size is said to be 0, and the files
    // under /proc/sys give nothing to a second read.
    try (InputStream in = Files.newInputStream(file)) {
      return Optional.of(new String(in.readNBytes(MOST_BYTES), StandardCharsets.US_ASCII).strip());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + path, e);
    }
  }
}
