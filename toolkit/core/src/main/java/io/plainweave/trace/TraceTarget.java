package io.plainweave.trace;

import java.nio.file.Path;
import java.util.Objects;

/** Where a {@link Trace} goes, and in which form. */
public sealed interface TraceTarget {
  /**
   * A new file of text. Each entry has its time since the begin of the trace in seconds, the number
   * of its connection, and {@code <} for bytes from the peer, {@code >} for bytes to the peer or
   * {@code *} for an event; bytes follow in lines of sixteen, in hex and as ASCII, with a dot for
   * what is no ASCII. No two entries share a line, whatever a peer has sent.
   *
   * @param file which only its owner may read and write, and which must not exist
   */
  record Text(Path file) implements TraceTarget {
    /** Checks that there is a file. */
    public Text {
      Objects.requireNonNull(file, "file");
    }
  }

  /**
   * A new file in the format pcapng (draft-ietf-opsawg-pcapng), which Wireshark and {@code tshark}
   * open. The bytes stand in made-up packets of TCP over IP, in which each connection has its real
   * addresses and can be followed: it begins with SYN, also if it was open before, and ends with
   * FIN or RST, unless the trace ends before. Segments, acknowledgements and checksums tell nothing
   * of the network. Events are comments of packets ({@code frame.comment}).
   *
   * <p>A connection over a Unix-domain socket has made-up addresses, 127.0.0.1 at port 65535 for
   * the listener and 127.0.0.2 for the peer, and a comment with the real ones. What was sent by TLS
   * stands in plain at the port of TLS, where Wireshark has to be told what it is: {@code tshark -d
   * tcp.port==443,http}.
   *
   * @param file which only its owner may read and write, and which must not exist
   */
  record Pcapng(Path file) implements TraceTarget {
    /** Checks that there is a file. */
    public Pcapng {
      Objects.requireNonNull(file, "file");
    }
  }

  /**
   * The log, line by line as {@link Text}, at INFO under the name {@code
   * io.plainweave.trace.Trace}.
   */
  record ToLog() implements TraceTarget {}

  /**
   * Returns a new file of text.
   *
   * @param file which must not exist
   * @return the target
   */
  static TraceTarget text(Path file) {
    return new Text(file);
  }

  /**
   * Returns a new file for Wireshark.
   *
   * @param file which must not exist
   * @return the target
   */
  static TraceTarget pcapng(Path file) {
    return new Pcapng(file);
  }

  /** {@return the log} */
  static TraceTarget log() {
    return new ToLog();
  }
}
