package io.plainweave.internal.socket;

import io.plainweave.UnixListen;
import io.plainweave.internal.log.Log;
import io.plainweave.kernel.SocketPath;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The file of a Unix-domain listener, from its making to its removal.
 *
 * <p>Java can neither set the umask nor bind without listening. So the socket is made in a new
 * folder that only this user may enter, gets its permissions there, and is then linked to its path.
 * Three things follow: nobody can connect before the permissions are right; a socket at the path is
 * always one that listens, or one whose server is gone; and link(2) replaces nothing, so that of
 * two servers one fails.
 */
final class SocketFile {
  /** As many names of four digits there are to the base of 36. */
  private static final int FOLDER_NAMES = 36 * 36 * 36 * 36;

  /** Held while a stale file is removed: a file lock is one of the whole process (fcntl(2)). */
  private static final ReentrantLock REMOVING = new ReentrantLock();

  /**
   * Which file it is. A number may be used again when its file is gone, so the time counts as well;
   * that of a change does not, since another owner or permission makes no other file.
   */
  private record Identity(Object key, FileTime made) {
    static Identity of(Path path) throws IOException {
      var attributes =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return new Identity(attributes.fileKey(), attributes.lastModifiedTime());
    }
  }

  private final Path path;
  private final Identity identity;
  private final AtomicBoolean removed = new AtomicBoolean();

  private SocketFile(Path path, Identity identity) {
    this.path = path;
    this.identity = identity;
  }

  /**
   * Binds the channel, so that it can be reached at the path. When it fails, no file of it is left;
   * the channel is the caller's to close.
   *
   * @throws BindException with a sentence for the user
   */
  static SocketFile bind(ServerSocketChannel channel, UnixListen listen, int backlog)
      throws BindException {
    Path path = listen.path();
    try {
      Path folder = makeFolderBeside(path);
      try {
        // Tools that ask the kernel (ss(8), lsof(8)) show this name: best with the real one in it.
        Path named = folder.resolve(path.getFileName());
        Path made = SocketPath.fits(named) ? named : folder.resolve("s");
        try {
          channel.bind(UnixDomainSocketAddress.of(made), backlog);
          Files.setPosixFilePermissions(made, listen.permissions());
          var file = new SocketFile(path, Identity.of(made));
          link(made, path);
          return file;
        } finally {
          Files.deleteIfExists(made);
        }
      } finally {
        Files.delete(folder);
      }
    } catch (IOException | UnsupportedOperationException e) {
      var failure = new BindException("cannot listen on " + listen + ": " + reason(path, e));
      failure.initCause(e);
      throw failure;
    }
  }

  private static Path makeFolderBeside(Path path) throws IOException {
    var onlyForUs =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    while (true) {
      int name = ThreadLocalRandom.current().nextInt(FOLDER_NAMES);
      try {
        return Files.createDirectory(
            path.resolveSibling("." + Integer.toString(name, 36)), onlyForUs);
      } catch (FileAlreadyExistsException e) {
        // Another name will do.
      }
    }
  }

  /** Lets the socket be reached at the path, at which there is nothing, or a stale file. */
  private static void link(Path made, Path path) throws IOException {
    while (true) {
      try {
        Files.createLink(path, made);
        return;
      } catch (FileAlreadyExistsException e) {
        if (isStale(path)) {
          removeStale(path);
        }
      }
    }
  }

  /**
   * Removes the file of a server that is gone. Of several that start at once, one does so at a
   * time: the others would take its own socket for the stale one that they have looked at before.
   */
  private static void removeStale(Path path) throws IOException {
    Path lockFile = path.resolveSibling("." + path.getFileName() + ".lock");
    REMOVING.lock();
    try (var channel =
            FileChannel.open(
                lockFile,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        throw taken("another server is starting there");
      }
      try {
        if (isStale(path)) {
          Files.delete(path);
        }
      } finally {
        Files.deleteIfExists(lockFile);
      }
    } finally {
      REMOVING.unlock();
    }
  }

  /**
   * Whether the file at the path is a socket whose server is gone; false if there is no file, or
   * another one than there was a moment ago.
   *
   * @throws FileSystemException if it is anything else
   */
  private static boolean isStale(Path path) throws IOException {
    Identity before;
    try {
      before = Identity.of(path);
    } catch (NoSuchFileException gone) {
      return false;
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      if (!SocketPath.isSocket(path, LinkOption.NOFOLLOW_LINKS)) {
        throw taken("what is there is no socket, and stays: remove it, or take another path");
      }
      // One with a full backlog does not answer, but says so.
      probe.configureBlocking(false);
      probe.connect(UnixDomainSocketAddress.of(path));
      throw taken("another server listens there: stop it, or take another path");
    } catch (ConnectException refused) {
      return true;
    } catch (NoSuchFileException gone) {
      return false;
    } catch (SocketException e) {
      if (!isStill(before, path)) {
        return false;
      }
      throw taken(
          "a socket is there that may be in use (%s): remove it, or take another path"
              .formatted(e.getMessage()));
    }
  }

  /** Whether the file at the path is that one, and not gone, or what others have put there. */
  private static boolean isStill(Identity known, Path path) throws IOException {
    try {
      return Identity.of(path).equals(known);
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  private static FileSystemException taken(String sentence) {
    return new FileSystemException(null, null, sentence);
  }

  private static String reason(Path path, Exception failure) {
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null && Files.notExists(folder)) {
      return "there is no folder " + folder;
    }
    if (folder != null && !Files.isDirectory(folder)) {
      return "this is no folder: " + folder;
    }
    return failure instanceof AccessDeniedException denied
        ? "no permission to make files in %s (%s)".formatted(folder, denied.getFile())
        : String.valueOf(failure.getMessage());
  }

  /**
   * Removes the file, if there still is one at the path, and it is ours. As long as its socket
   * listens, no other server takes the path, so that this is to be done first.
   */
  void remove() {
    if (!removed.compareAndSet(false, true)) {
      return;
    }
    try {
      if (Identity.of(path).equals(identity)) {
        Files.delete(path);
      }
    } catch (NoSuchFileException gone) {
      // Somebody was faster.
    } catch (IOException e) {
      Log.socketFileLeft(path, e);
    }
  }
}
