package io.plainweave.protocol;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.MalformedMessageException;
import io.plainweave.tls.ServerTls;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Several protocols on one port: the handler that looks at the first bytes of the peer and leaves
 * the connection to the handler of the protocol that opens so. That one reads from the first byte
 * on, as if it were alone.
 *
 * {@snippet file="io/plainweave/protocol/ProtocolsTest.java" region="onePort"}
 *
 * <p>The first protocol whose opening fits is taken, in the order in which they were added, however
 * the bytes are split. It waits for no byte that cannot change the choice. A peer that sends
 * nothing is for {@link io.plainweave.TimeLimits#firstByte()}; from its first byte on, the choice
 * has to be made within {@link io.plainweave.TimeLimits#handshake()}, however the bytes drip
 * ({@link Connection#peek}). So protocols in which the server speaks first need a port of their
 * own.
 *
 * <p>A connection that opens otherwise goes to the handler of {@link #otherwise}; if there is none,
 * it ends by {@link io.plainweave.CloseReason.Malformed}. One that ends without a byte ends in
 * order, and no handler sees it.
 *
 * <p>Instances are immutable: each method returns another one. They are handlers, so they can be
 * within each other: what comes within TLS can be told apart again.
 */
public final class Protocols implements Handler {
  /** None: every connection that sends something is malformed. */
  public static final Protocols NONE = new Protocols(List.of(), null);

  /** A record of the handshake, of any version from SSL 3.0 on (RFC 8446, section 5.1). */
  private static final byte[] TLS = {22, 3};

  private static final int LONGEST_OPENING = 256;

  /** How many bytes of an opening are told. */
  private static final int MOST_TOLD = 16;

  private static final class Protocol {
    private final byte[] opening;
    private final Handler handler;

    Protocol(byte[] opening, Handler handler) {
      this.opening = opening;
      this.handler = handler;
    }

    /** Whether these bytes begin so. */
    boolean opens(byte[] seen) {
      return seen.length >= opening.length && agrees(seen);
    }

    /** Whether it takes more bytes to tell. */
    boolean isUndecided(byte[] seen) {
      return seen.length < opening.length && agrees(seen);
    }

    private boolean agrees(byte[] seen) {
      int n = Math.min(seen.length, opening.length);
      return Arrays.equals(seen, 0, n, opening, 0, n);
    }
  }

  private final List<Protocol> protocols;
  private final @Nullable Handler otherwise;

  private Protocols(List<Protocol> protocols, @Nullable Handler otherwise) {
    this.protocols = protocols;
    this.otherwise = otherwise;
  }

  /**
   * Adds TLS: the handshake is carried out here, and the handler reads and writes what is
   * encrypted. It is {@link Connection#startTls(ServerTls)}, with the limits of that.
   *
   * @param tls how this side speaks it
   * @param handler serves those who come by TLS
   * @return these protocols and that one
   * @throws IllegalArgumentException if another one that was added before takes them all
   */
  public Protocols tls(ServerTls tls, Handler handler) {
    Objects.requireNonNull(tls, "tls");
    Objects.requireNonNull(handler, "handler");
    return startsWith(
        TLS,
        connection -> {
          connection.startTls(tls);
          handler.handle(connection);
        });
  }

  /**
   * Adds a protocol whose connections open with a text, such as {@code "GET "}.
   *
   * @param opening the text, in UTF-8; not empty
   * @param handler serves those who open so
   * @return these protocols and that one
   * @throws IllegalArgumentException if the opening is empty, has more than 256 bytes, or begins
   *     with one that was added before and takes it
   */
  public Protocols startsWith(String opening, Handler handler) {
    return startsWith(opening.getBytes(StandardCharsets.UTF_8), handler);
  }

  /**
   * Adds a protocol whose connections open with certain bytes. With the two bytes 22 and 3 these
   * are those of TLS, for a handler that passes them on as they are ({@link ClientHello}).
   *
   * @param opening the bytes, at least one
   * @param handler serves those who open so
   * @return these protocols and that one
   * @throws IllegalArgumentException if the opening is empty, has more than 256 bytes, or begins
   *     with one that was added before and takes it
   */
  public Protocols startsWith(byte[] opening, Handler handler) {
    Objects.requireNonNull(handler, "handler");
    if (opening.length == 0 || opening.length > LONGEST_OPENING) {
      throw new IllegalArgumentException(
          "an opening has 1 to %d bytes: %d".formatted(LONGEST_OPENING, opening.length));
    }
    for (Protocol before : protocols) {
      if (before.opens(opening)) {
        throw new IllegalArgumentException(
            "the opening %s is never found behind %s, which takes it"
                .formatted(hex(opening), hex(before.opening)));
      }
    }
    var added = new Protocol(opening.clone(), handler);
    return new Protocols(Stream.concat(protocols.stream(), Stream.of(added)).toList(), otherwise);
  }

  /**
   * Sets who serves the connections that open otherwise.
   *
   * @param handler serves them
   * @return these protocols, with that handler in place of the one before
   */
  public Protocols otherwise(Handler handler) {
    return new Protocols(protocols, Objects.requireNonNull(handler, "handler"));
  }

  @Override
  public void handle(Connection connection) throws Exception {
    byte[] seen = connection.peek(1);
    if (seen.length == 0) {
      return;
    }
    for (Protocol protocol : protocols) {
      for (boolean more = true; more && protocol.isUndecided(seen); ) {
        // One at a time: a peer of another protocol may send no more before it has a reply.
        byte[] next = connection.peek(seen.length + 1);
        more = next.length > seen.length;
        seen = next;
      }
      if (protocol.opens(seen)) {
        protocol.handler.handle(connection);
        return;
      }
    }
    if (otherwise == null) {
      throw new MalformedMessageException("no protocol of this port opens with " + hex(seen));
    }
    otherwise.handle(connection);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.ofDelimiter(" ").formatHex(bytes, 0, Math.min(bytes.length, MOST_TOLD));
  }
}
