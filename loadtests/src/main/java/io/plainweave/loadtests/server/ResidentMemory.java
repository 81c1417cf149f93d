package io.plainweave.loadtests.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The resident memory of this process, where the system has {@code /proc}.
 *
 * <p>The file stays open: when the figure matters most, connections may have taken the last
 * descriptor.
 */
final class ResidentMemory implements AutoCloseable {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern RSS = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB$");
  private static final int MOST_BYTES = 8192;

  private final FileChannel status; // null where there is no /proc

  ResidentMemory() throws IOException {
    status = Files.exists(STATUS) ? FileChannel.open(STATUS) : null;
  }

  OptionalLong bytes() throws IOException {
    if (status == null) {
      return OptionalLong.empty();
    }
    ByteBuffer buffer = ByteBuffer.allocate(MOST_BYTES);
    int length = status.read(buffer, 0);
    Matcher matcher = RSS.matcher(new String(buffer.array(), 0, length, StandardCharsets.US_ASCII));
    return matcher.find()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)) * 1024)
        : OptionalLong.empty();
  }

  @Override
  public void close() throws IOException {
    if (status != null) {
      status.close();
    }
  }
}
