package io.plainweave.internal.trace;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The file of a trace, which nobody but its owner may read: it may hold secrets. */
final class TraceFile {
  private static final int BUFFER = 64 * 1024;

  private TraceFile() {}

  /**
   * Creates it.
   *
   * @throws java.nio.file.FileAlreadyExistsException if there is anything of that name, a link
   *     included
   */
  static OutputStream create(Path path) throws IOException {
    FileChannel created =
        FileChannel.open(
            path,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            onlyForUs(path.getFileSystem()));
    return new BufferedOutputStream(Channels.newOutputStream(created), BUFFER);
  }

  /**
   * What lets nobody else read it; nothing where files have no such permissions, as on Windows:
   * there it has those of its folder.
   */
  static FileAttribute<?>[] onlyForUs(FileSystem files) {
    return files.supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Lines in a file. */
  record Text(OutputStream out) implements TextForm.Lines {
    @Override
    public void write(String line) throws IOException {
      out.write(line.getBytes(StandardCharsets.UTF_8));
      out.write('\n');
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
