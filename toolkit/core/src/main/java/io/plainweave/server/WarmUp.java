package io.plainweave.server;

import io.plainweave.internal.recording.Recording;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Starts what the JDK starts at first use, while there are descriptors, threads and memory for it.
 *
 * <p>The poller of virtual threads opens its descriptors when the first of them waits for a socket.
 * If that fails because the process has none left, its class stays broken, and no connection can
 * wait for the rest of the process's life; so it is with the threads behind timed waits, and with a
 * class of ours that is needed for the first time: loading it takes memory, and from a folder a
 * descriptor. After a warm-up a server survives the lack of them.
 */
final class WarmUp {
  /**
   * What the JDK catches when something fails. It loads such a class when it looks for who catches
   * an exception; if there is no memory for that, nobody catches it. So an OutOfMemoryError has
   * ended the threads MasterPoller and VirtualThread-unblocker, without which no virtual thread
   * wakes, for want of RejectedExecutionException, which is caught beside it.
   */
  private static final List<Class<?>> CAUGHT_BY_THE_JDK =
      List.of(
          RejectedExecutionException.class,
          CancellationException.class,
          ExecutionException.class,
          TimeoutException.class,
          BrokenBarrierException.class,
          UncheckedIOException.class,
          AsynchronousCloseException.class,
          ClosedByInterruptException.class,
          ClosedChannelException.class,
          ClosedSelectorException.class,
          CancelledKeyException.class,
          NotYetConnectedException.class,
          SocketTimeoutException.class,
          InternalError.class,
          BootstrapMethodError.class);

  /** One more, of the preview API that {@link ScopeBinding} binds. */
  private static final String CAUGHT_BY_ITS_NAME =
      "java.util.concurrent.StructureViolationException";

  private WarmUp() {}

  /**
   * Does all that. Cheap when it was done before.
   *
   * @throws IOException if virtual threads cannot wait in this process
   */
  static void run() throws IOException, InterruptedException {
    loadClasses();
    load(CAUGHT_BY_THE_JDK.stream().map(Class::getName).toList());
    load(List.of(CAUGHT_BY_ITS_NAME));
    startPoller();
  }

  /** Loads the classes of the toolkit, from a folder or a jar. */
  private static void loadClasses() throws IOException {
    CodeSource source = WarmUp.class.getProtectionDomain().getCodeSource();
    if (source == null || !source.getLocation().getProtocol().equals("file")) {
      return;
    }
    Path root = Path.of(URI.create(source.getLocation().toString()));
    if (Files.isDirectory(root)) {
      try (Stream<Path> files = Files.walk(root.resolve("io/plainweave"))) {
        load(classNames(files.map(file -> root.relativize(file).toString())));
      }
    } else {
      try (JarFile jar = new JarFile(root.toFile())) {
        // Perhaps one with all of a program in it.
        load(
            classNames(
                jar.stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.startsWith("io/plainweave/"))));
      }
    }
  }

  private static List<String> classNames(Stream<String> files) {
    return files
        .filter(file -> file.endsWith(".class") && !file.endsWith("-info.class"))
        .map(file -> file.replace(".class", "").replace(File.separatorChar, '/').replace('/', '.'))
        // They cannot be loaded in each JVM, and are of no use until somebody records.
        .filter(name -> !name.startsWith(Recording.class.getPackageName()))
        // In a jar with all of a program: made for two libraries, of which a program has one.
        .filter(name -> !name.startsWith("io.plainweave.logging."))
        .toList();
  }

  private static void load(List<String> names) {
    try {
      for (String name : names) {
        Class.forName(name);
      }
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  /** Makes a virtual thread wait for a descriptor and for a time. */
  private static void startPoller() throws IOException, InterruptedException {
    var failure = new AtomicReference<@Nullable Throwable>();
    Pipe pipe = Pipe.open();
    try (var source = pipe.source();
        var sink = pipe.sink()) {
      Thread reader =
          Thread.startVirtualThread(() -> {
            try {
              LockSupport.parkNanos(1);
              source.read(ByteBuffer.allocate(1));
            } catch (Throwable e) {
              failure.set(e);
            }
          });
      while (reader.getState() != Thread.State.WAITING && reader.isAlive()) {
        // Not a spin: it may need the carrier of the thread that waits for it here.
        LockSupport.parkNanos(1_000_000);
      }
      sink.write(ByteBuffer.allocate(1));
      reader.join();
    }
    Throwable failed = failure.get();
    if (failed != null) {
      throw new IOException(
          "no virtual thread can wait for a socket: "
              + Objects.requireNonNullElse(failed.getCause(), failed),
          failed);
    }
  }
}
