package io.plainweave.kernel;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Which paths a Unix-domain socket may have, by the rules of Linux (unix(7)). */
public final class SocketPath {
  /**
   * The room for a path in a socket address of Linux (108 bytes, unix(7)), but for the NUL at its
   * end and for one byte that the JDK does not use.
   */
  private static final int LONGEST_PATH = 106;

  /** As long as the path in which the socket is made may be longer: {@code /.1234/s}. */
  private static final int LONGEST_FOLDER = LONGEST_PATH - 8;

  /** The type of a file in its mode, and that of a socket (inode(7)). */
  private static final int TYPE = 0170000;

  private static final int SOCKET = 0140000;

  /** How the JDK encodes the names of files. */
  private static final Charset NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private SocketPath() {}

  /**
   * Makes the address of a path.
   *
   * @throws IllegalArgumentException if it cannot be one
   */
  public static UnixDomainSocketAddress address(Path path) {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
    if (path.getFileName() == null || path.toString().isEmpty()) {
      throw new IllegalArgumentException("this is no path of a socket: '" + path + "'");
    }
    if (!fits(path)) {
      throw new IllegalArgumentException(
          "the path of a Unix-domain socket has at most %d bytes, and this one has %d: %s"
              .formatted(LONGEST_PATH, length(path), path));
    }
    return address;
  }

  /**
   * Makes the address of a path at which a socket is to be made.
   *
   * @throws IllegalArgumentException if it cannot be one
   */
  public static UnixDomainSocketAddress ownAddress(Path path) {
    UnixDomainSocketAddress address = address(path);
    Path folder = path.getParent();
    if (folder != null && length(folder) > LONGEST_FOLDER) {
      throw new IllegalArgumentException(
          "the folder of a Unix-domain listener has at most %d bytes, and this one's has %d: %s"
              .formatted(LONGEST_FOLDER, length(folder), path));
    }
    return address;
  }

  /** Whether there is room for the path in an address. */
  public static boolean fits(Path path) {
    return length(path) <= LONGEST_PATH;
  }

  private static int length(Path path) {
    return path.toString().getBytes(NAMES).length;
  }

  /** Whether the file at the path is a socket. */
  public static boolean isSocket(Path path, LinkOption... options) throws IOException {
    return ((int) Files.getAttribute(path, "unix:mode", options) & TYPE) == SOCKET;
  }
}
