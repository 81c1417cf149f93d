package io.plainweave;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Starts what the JDK starts at first use, while there are descriptors and threads for it.
 *
 * <p>The poller of virtual threads opens its descriptors when the first of them waits for a socket.
 * If that fails because the process has none left, its class stays broken, and no connection can
 * wait for the rest of the process's life; so it is with the threads behind timed waits, and with a
 * class of ours that is needed for the first time: loading it from a folder takes a descriptor.
 * After a warm-up a server survives the lack of either.
 */
final class WarmUp {
  private WarmUp() {}

  /** Does all that. Cheap when it was done before. */
  static void run() throws IOException, InterruptedException {
    loadClasses();
    startPoller();
  }

  /** Loads the classes of the toolkit that lie in a folder. A jar stays open, and needs nothing. */
  private static void loadClasses() throws IOException {
    CodeSource source = WarmUp.class.getProtectionDomain().getCodeSource();
    if (source == null || !source.getLocation().getProtocol().equals("file")) {
      return;
    }
    Path root = Path.of(URI.create(source.getLocation().toString()));
    if (!Files.isDirectory(root)) {
      return;
    }
    List<String> names;
    try (Stream<Path> files = Files.walk(root.resolve("io/plainweave"))) {
      names =
          files
              .map(file -> root.relativize(file).toString())
              .filter(file -> file.endsWith(".class") && !file.endsWith("-info.class"))
              .map(file -> file.replace(".class", "").replace(File.separatorChar, '.'))
              .toList();
    }
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
    Pipe pipe = Pipe.open();
    try (var source = pipe.source();
        var sink = pipe.sink()) {
      Thread reader =
          Thread.startVirtualThread(() -> {
            try {
              LockSupport.parkNanos(1);
              source.read(ByteBuffer.allocate(1));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      while (reader.getState() != Thread.State.WAITING && reader.isAlive()) {
        // Not a spin: it may need the carrier of the thread that waits for it here.
        Thread.sleep(1);
      }
      sink.write(ByteBuffer.allocate(1));
      reader.join();
    }
  }
}
