package io.plainweave.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The Unix-domain sockets of this process's network namespace, as the kernel of Linux tells of them
 * (proc(5)). It knows what Java cannot ask: of which type the socket at a path is.
 */
public final class UnixSockets {
  private static final Path TABLE = Path.of("/proc/self/net/unix");

  /** SOCK_STREAM, in the kernel's notation. */
  private static final String STREAM = "0001";

  /** The table may be long, and those who ask many. */
  private static final long KEPT = TimeUnit.SECONDS.toNanos(1);

  private static final ReentrantLock READING = new ReentrantLock();

  /** What was read last; written under lock. */
  private static volatile @Nullable Look last;

  /** The names that none for streams has. */
  private record Look(Set<String> others, long at) {}

  /** A socket with a name: its path, which may have blanks in it. */
  record Entry(String name, boolean isStream) {}

  private UnixSockets() {}

  /**
   * Whether the socket at a path is of another type than SOCK_STREAM (unix(7)), so that no stream
   * can be connected to it; of a second ago. False where the system does not tell, and if the
   * socket was made by another name.
   */
  public static boolean isNoStream(Path path) {
    try {
      Set<String> others = others();
      return others.contains(path.toString())
          || others.contains(path.toAbsolutePath().toString())
          || others.contains(path.toRealPath().toString());
    } catch (IOException cannotTell) {
      return false;
    }
  }

  private static Set<String> others() throws IOException {
    Look look = last;
    boolean isOld = look == null || System.nanoTime() - look.at >= KEPT;
    if (isOld && READING.tryLock()) {
      try {
        look = new Look(read(), System.nanoTime());
        last = look;
      } finally {
        READING.unlock();
      }
    }
    return look == null ? Set.of() : look.others;
  }

  private static Set<String> read() throws IOException {
    Set<String> others = new HashSet<>();
    Set<String> streams = new HashSet<>();
    if (Files.isReadable(TABLE)) {
      try (var lines =
          new BufferedReader(
              new InputStreamReader(Files.newInputStream(TABLE), StandardCharsets.UTF_8))) {
        for (String line; (line = lines.readLine()) != null; ) {
          Entry entry = parse(line);
          if (entry != null) {
            (entry.isStream ? streams : others).add(entry.name);
          }
        }
      }
    }
    // Of a name that two have had, the older may be open still, without its file.
    others.removeAll(streams);
    return others;
  }

  /**
   * Reads a line: {@code Num RefCount Protocol Flags Type St Inode Path}.
   *
   * @return null if the socket has no name
   */
  static @Nullable Entry parse(String line) {
    String[] fields = line.split(" +", 8);
    return fields.length == 8 ? new Entry(fields[7], fields[4].equals(STREAM)) : null;
  }
}
