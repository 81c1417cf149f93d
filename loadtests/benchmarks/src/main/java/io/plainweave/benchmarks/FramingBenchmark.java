package io.plainweave.benchmarks;

import io.plainweave.Connection;
import io.plainweave.framing.Frames;
import io.plainweave.framing.LengthPrefix;
import io.plainweave.framing.Lines;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * One message read or written. More messages than a connection takes up at once are always there,
 * and the peer takes whatever is written.
 */
@State(Scope.Thread)
public class FramingBenchmark extends Settings {
  private static final int LONGEST = 1 << 20;

  /** The bytes of a message. */
  @Param({"64", "4096"})
  private int size;

  private byte[] message;
  private String text;

  private Lines lines;
  private Frames prefixed;
  private Frames varint;
  private Frames delimited;
  private Frames fixed;

  @Setup
  public void open() throws IOException {
    message = new byte[size];
    Arrays.fill(message, (byte) 'x');
    text = new String(message, StandardCharsets.US_ASCII);
    byte[] end = {'\r', '\n'};
    byte[] length = {(byte) (size >>> 24), (byte) (size >>> 16), (byte) (size >>> 8), (byte) size};

    lines = Lines.of(endless(message, end), LONGEST);
    prefixed =
        Frames.lengthPrefixed(endless(length, message), LengthPrefix.U32_BIG_ENDIAN, LONGEST);
    varint = Frames.lengthPrefixed(endless(varint(size), message), LengthPrefix.VARINT, LONGEST);
    delimited = Frames.delimited(endless(message, end), end, LONGEST);
    fixed = Frames.fixed(endless(message), size);
  }

  private static Connection endless(byte[]... parts) throws IOException {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.write(part);
    }
    return new MemoryConnections().openEndless(all.toByteArray());
  }

  private static byte[] varint(int value) {
    return value < 0x80
        ? new byte[] {(byte) value}
        : new byte[] {(byte) (value | 0x80), (byte) (value >>> 7)};
  }

  @Benchmark
  public String readLine() throws IOException {
    return lines.read();
  }

  @Benchmark
  public void writeLine() throws IOException {
    lines.write(text);
  }

  @Benchmark
  public byte[] readPrefixed() throws IOException {
    return prefixed.read();
  }

  @Benchmark
  public void writePrefixed() throws IOException {
    prefixed.write(message);
  }

  @Benchmark
  public byte[] readVarint() throws IOException {
    return varint.read();
  }

  @Benchmark
  public byte[] readDelimited() throws IOException {
    return delimited.read();
  }

  @Benchmark
  public byte[] readFixed() throws IOException {
    return fixed.read();
  }
}
