package io.plainweave.loadtests.compare;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The processor time of processes, to the nanosecond and with that of threads that have ended.
 *
 * <p>{@code /proc/PID/stat} counts in steps of 10 ms, and {@code schedstat} forgets a thread that
 * ends; the clock of a process, clock_getcpuclockid(3), does neither.
 */
final class ProcessorTime {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle CLOCK_GETCPUCLOCKID =
      function("clock_getcpuclockid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle CLOCK_GETTIME =
      function("clock_gettime", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

  /** USER_HZ: the unit of /proc/stat on every Linux that JDK 25 runs on. */
  private static final long TICK_NANOS = 10_000_000;

  private ProcessorTime() {}

  /**
   * The time that the processes have used since they began.
   *
   * @throws IOException if one of them is gone
   */
  static long nanos(List<Long> processes) throws IOException {
    long sum = 0;
    for (long process : processes) {
      sum += nanos(process);
    }
    return sum;
  }

  private static long nanos(long process) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment clock = arena.allocate(JAVA_INT);
      MemorySegment time = arena.allocate(JAVA_LONG, 2);
      if ((int) CLOCK_GETCPUCLOCKID.invokeExact((int) process, clock) != 0
          || (int) CLOCK_GETTIME.invokeExact(clock.get(JAVA_INT, 0), time) != 0) {
        throw new IOException("process " + process + " is gone");
      }
      return time.get(JAVA_LONG, 0) * 1_000_000_000 + time.get(JAVA_LONG, JAVA_LONG.byteSize());
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a native function throws nothing", e);
    }
  }

  /** The time for which all processors of the machine were busy since it began. */
  static long busyNanos() throws IOException {
    String[] all = Files.readAllLines(Path.of("/proc/stat")).getFirst().trim().split(" +");
    // cpu user nice system idle iowait irq softirq
    long ticks = 0;
    for (int column : new int[] {1, 2, 3, 6, 7}) {
      ticks += Long.parseLong(all[column]);
    }
    return ticks * TICK_NANOS;
  }

  @SuppressWarnings("restricted") // the run script allows it
  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
  }
}
