package io.plainweave;

import io.plainweave.kernel.SocketPath;
import io.plainweave.text.Addresses;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Unix-domain listener, with the largest backlog that the kernel allows ({@code
 * net.core.somaxconn} on Linux).
 */
public final class UnixListen extends ListenKind<UnixListen> {
  private final Path path;
  private final Set<PosixFilePermission> permissions;

  UnixListen(Path path, Set<PosixFilePermission> permissions, ListenKind.Settings settings) {
    super(settings);
    SocketPath.ownAddress(path);
    this.path = path;
    this.permissions = Set.copyOf(permissions);
  }

  /** {@return where the socket is} */
  public Path path() {
    return path;
  }

  /**
   * {@return those of the socket; who may write may connect, if the folders on the way can be
   * entered}
   */
  public Set<PosixFilePermission> permissions() {
    return permissions;
  }

  /**
   * Returns this description with other permissions. The umask of the process takes nothing from
   * them. The group is that of the process, or of the folder if that has the set-group-ID bit
   * (inode(7)).
   *
   * @param permissions for owner, group and others, as ls(1) shows them: {@code rw-rw----} lets the
   *     group connect, too
   * @return the description
   * @throws IllegalArgumentException if the text is none of that kind
   */
  public UnixListen permissions(String permissions) {
    try {
      return new UnixListen(path, PosixFilePermissions.fromString(permissions), settings());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "permissions are written as in rw-rw----: " + permissions, e);
    }
  }

  @Override
  public UnixListen like(Listen settings) {
    UnixListen own = settings instanceof UnixListen unix ? unix : this;
    return new UnixListen(path, own.permissions, settingsOf(settings));
  }

  @Override
  UnixListen with(ListenKind.Settings settings) {
    return new UnixListen(path, permissions, settings);
  }

  @Override
  List<@Nullable Object> own() {
    return Arrays.asList(path, permissions);
  }

  /**
   * Returns the address of the path.
   *
   * @return the address
   */
  public UnixDomainSocketAddress socketAddress() {
    return SocketPath.address(path);
  }

  /** Returns {@code unix:PATH}. */
  @Override
  public String toString() {
    return Addresses.format(socketAddress());
  }
}
