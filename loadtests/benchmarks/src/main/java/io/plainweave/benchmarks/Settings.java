package io.plainweave.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How each benchmark is run unless the command line says otherwise: long enough to tell a gain of a
 * tenth, short enough for all of them in about three minutes.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
    value = 1,
    // A young generation so small that it is soon in memory that was used before: the kernel's page
    // for each 4 KB of a growing heap would cost more than what is measured.
    jvmArgsAppend = {"-XX:+UseSerialGC", "-Xms512m", "-Xmx512m", "-Xmn16m"})
@Warmup(iterations = 3, time = 700, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 700, timeUnit = TimeUnit.MILLISECONDS)
public abstract class Settings {
  Settings() {}
}
