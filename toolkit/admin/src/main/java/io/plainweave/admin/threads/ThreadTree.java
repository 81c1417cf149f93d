package io.plainweave.admin.threads;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.IllegalFormatException;
import java.util.List;
import java.util.stream.Stream;

/**
 * The threads of a process by the scopes that they are in, as they were when the JVM was asked.
 *
 * {@snippet file="io/plainweave/admin/threads/ThreadTreeTest.java" region="tree"}
 *
 * <p>Within each scope the tree fits together; scopes and threads that come or go while the JVM
 * writes may be missing. The process stops for a part of that time, some tens of milliseconds for
 * ten thousand threads. Values are immutable.
 *
 * @param processId of the JVM; {@code ?} if that is unknown, as in what follows
 * @param version of its Java
 * @param time when the dump was written, as the JVM has noted it
 * @param scopes the outermost ones, those of the JDK included
 * @param others the threads that are in no scope
 */
public record ThreadTree(
    String processId,
    String version,
    String time,
    List<ThreadScope> scopes,
    List<ScopedThread> others) {
  /** Describes a tree. */
  public ThreadTree {
    scopes = List.copyOf(scopes);
    others = List.copyOf(others);
  }

  /**
   * Asks the JVM of this process. It writes into a file in the folder for temporary files, about a
   * kilobyte for each thread, which is deleted again.
   *
   * @return its threads now
   * @throws IOException if the file cannot be written or read
   */
  public static ThreadTree ofThisProcess() throws IOException {
    return throughFile(ThreadTree::dump);
  }

  private static void dump(Path file) throws IOException {
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(file.toString(), ThreadDumpFormat.JSON);
    } catch (IllegalFormatException e) {
      // So it is in JDK 25: whoever chooses the name of a thread could make every dump fail.
      throw new IOException(
          "this JDK writes no name of a thread that has a control character in it", e);
    }
  }

  /**
   * Asks another JVM, through the {@code jcmd} of the JDK that runs this one. That JVM is one of a
   * JDK 25 or later, and of the same user.
   *
   * @param pid the process
   * @return its threads now
   * @throws IOException if there is no answer, with what jcmd says of it, or it cannot be read
   */
  public static ThreadTree of(long pid) throws IOException {
    return throughFile(file -> Jcmd.dumpThreads(pid, file));
  }

  /**
   * Reads what {@code jcmd PID Thread.dump_to_file -format=json FILE} has written.
   *
   * @param file the dump
   * @return the threads of that process then
   * @throws IOException if the file cannot be read, or is no dump of threads
   */
  public static ThreadTree read(Path file) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      return new DumpReader(new JsonReader(reader)).read();
    } catch (CharacterCodingException e) {
      throw new IOException("it is no text in UTF-8", e);
    }
  }

  /** Writes a dump into a file that is not there. */
  @FunctionalInterface
  private interface Dump {
    void to(Path file) throws IOException;
  }

  private static ThreadTree throughFile(Dump dump) throws IOException {
    // The folder is for its owner alone: a dump shows what the program does.
    Path folder = Files.createTempDirectory("threads");
    Path file = folder.resolve("dump.json");
    try {
      dump.to(file);
      return read(file);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  /** {@return all scopes, at any depth} */
  public Stream<ThreadScope> allScopes() {
    return scopes.stream().flatMap(ThreadScope::all);
  }

  /** {@return all threads} */
  public Stream<ScopedThread> allThreads() {
    return Stream.concat(others.stream(), allScopes().flatMap(scope -> scope.threads().stream()));
  }

  /**
   * Prints it: each scope below the thread that has opened it or the scope around it, and each
   * thread with what it waits for. Of many threads in one scope it prints how many wait where.
   *
   * @param most how many threads of a scope are printed one by one, and how many lines a table has
   * @return the text, with a line feed behind each line
   * @throws IllegalArgumentException if it is negative
   */
  public String text(int most) {
    if (most < 0) {
      throw new IllegalArgumentException("most must not be negative: " + most);
    }
    return new TreeText(this, most).print();
  }
}
