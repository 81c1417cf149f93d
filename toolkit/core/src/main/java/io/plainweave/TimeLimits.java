package io.plainweave;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * How long a connection may take for what. Zero switches a limit off.
 *
 * <p>All of them are measured by one thread for the whole server, in steps of a tenth of a second:
 * a limit is reached up to two steps late, and up to a second late where there are more than ten
 * thousand connections. The time counted is the time for which this process has run, not that of
 * the wall clock: no limit is reached because the process was stopped or the clock was set.
 *
 * <p>Where the handler waits between messages ({@link #firstByte()}, {@link #idle()}, {@link
 * #silence()}, {@link #lifetime()}), it reads end of stream, just as in a drain, and can say
 * goodbye; if the connection has not ended two seconds later it is reset. One that was {@link
 * #halfClosed()} for too long is closed, and the system goes on sending what it still has of our
 * output. Elsewhere it is reset at once.
 *
 * @param handshake from the accept to the handler, where something comes before it (a PROXY header,
 *     a TLS handshake), however the bytes drip; for a TLS handshake that begins later ({@link
 *     Connection#startTls}); and from the first byte, for those that a handler peeks at before it
 *     reads ({@link Connection#peek}); less for TLS while others wait for their turn ({@link
 *     io.plainweave.server.ServerBuilder#maxHandshakes}); default 10 s
 * @param firstByte with no byte in either direction since the handler first waits for input;
 *     default 10 s
 * @param message from the first byte of a message to its end, however the bytes drip; counted where
 *     messages are marked ({@link Connection#awaitMessage()}, and all of {@code
 *     io.plainweave.framing}). Who marks them himself, as with a {@code MessageReader}, ends one
 *     with {@link Connection#endMessage()}: until then the limit runs, also while the handler
 *     works. Default 20 s
 * @param idle with no byte in either direction since the handler waits for input; default 60 s
 * @param silence with no byte from the peer while the handler waits for input, whatever is sent
 *     meanwhile: for a peer that has promised to be heard, such as a client of MQTT, which names
 *     its own time ({@link Connection#changeTimeLimits(TimeLimits)}); default zero: no limit
 * @param writeStall with no byte taken by the socket while the handler waits to write; before a
 *     connection is reset for it, a write is tried. Default 2 min: curl 7 with a {@code
 *     --limit-rate} reads a hundred times what it may in a second, and then nothing for a hundred
 *     seconds
 * @param halfClosed with no byte from the peer after we have finished our output; default 30 s
 * @param lifetime of the whole connection, made up to a tenth shorter by chance so that the
 *     connections of one moment do not end in one moment; default zero: no limit
 * @param linger for the peer's FIN after ours when the handler has returned; default 5 s; zero does
 *     not wait, and what the peer still sends may then destroy the last reply
 * @param minReceiveRate bytes per second, on average since the beginning of a message, after five
 *     seconds; default zero: no limit
 */
public record TimeLimits(
    Duration handshake,
    Duration firstByte,
    Duration message,
    Duration idle,
    Duration silence,
    Duration writeStall,
    Duration halfClosed,
    Duration lifetime,
    Duration linger,
    long minReceiveRate) {
  /** What is limited. */
  public enum Kind {
    /** What comes before the handler, or a handshake within it, has not come whole in time. */
    HANDSHAKE,
    /** Nothing was received or sent since the handler waits for the first byte. */
    FIRST_BYTE,
    /** A message was begun and is not complete. */
    MESSAGE,
    /** A message comes in more slowly than the minimum rate. */
    RECEIVE_RATE,
    /** Nothing was sent or received while the handler waits for input. */
    IDLE,
    /** Nothing was received while the handler waits for input. */
    SILENCE,
    /** A write has made no progress, because the peer does not read. */
    WRITE_STALL,
    /** We have finished our output, the peer sends nothing and does not finish its own. */
    HALF_CLOSED,
    /** The connection has lived as long as it may. */
    LIFETIME,
    /** A scope of the handler has reached its deadline, or a read or write its {@link Deadline}. */
    DEADLINE
  }

  /** The limits that apply unless others are set. */
  public static final TimeLimits DEFAULT =
      new TimeLimits(
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(20),
          Duration.ofSeconds(60),
          Duration.ZERO,
          Duration.ofMinutes(2),
          Duration.ofSeconds(30),
          Duration.ZERO,
          Duration.ofSeconds(5),
          0);

  /** No limit but that of the linger. */
  public static final TimeLimits NONE =
      new TimeLimits(
          Duration.ZERO,
          Duration.ZERO,
          Duration.ZERO,
          Duration.ZERO,
          Duration.ZERO,
          Duration.ZERO,
          Duration.ZERO,
          Duration.ZERO,
          Duration.ofSeconds(5),
          0);

  /** Checks the values. */
  public TimeLimits {
    notNegative("handshake", handshake);
    notNegative("firstByte", firstByte);
    notNegative("message", message);
    notNegative("idle", idle);
    notNegative("silence", silence);
    notNegative("writeStall", writeStall);
    notNegative("halfClosed", halfClosed);
    notNegative("lifetime", lifetime);
    notNegative("linger", linger);
    if (minReceiveRate < 0) {
      throw new IllegalArgumentException("minReceiveRate must not be negative: " + minReceiveRate);
    }
  }

  private static void notNegative(String name, Duration limit) {
    if (limit.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative: " + limit);
    }
  }

  /**
   * Returns these limits with another {@link #handshake()}.
   *
   * @param handshake the limit, or zero for none
   * @return the limits
   */
  public TimeLimits handshake(Duration handshake) {
    return edit(edit -> edit.handshake = handshake);
  }

  /**
   * Returns these limits with another {@link #firstByte()}.
   *
   * @param firstByte the limit, or zero for none
   * @return the limits
   */
  public TimeLimits firstByte(Duration firstByte) {
    return edit(edit -> edit.firstByte = firstByte);
  }

  /**
   * Returns these limits with another {@link #message()}.
   *
   * @param message the limit, or zero for none
   * @return the limits
   */
  public TimeLimits message(Duration message) {
    return edit(edit -> edit.message = message);
  }

  /**
   * Returns these limits with another {@link #idle()}.
   *
   * @param idle the limit, or zero for none
   * @return the limits
   */
  public TimeLimits idle(Duration idle) {
    return edit(edit -> edit.idle = idle);
  }

  /**
   * Returns these limits with another {@link #silence()}.
   *
   * @param silence the limit, or zero for none
   * @return the limits
   */
  public TimeLimits silence(Duration silence) {
    return edit(edit -> edit.silence = silence);
  }

  /**
   * Returns these limits with another {@link #writeStall()}.
   *
   * @param writeStall the limit, or zero for none
   * @return the limits
   */
  public TimeLimits writeStall(Duration writeStall) {
    return edit(edit -> edit.writeStall = writeStall);
  }

  /**
   * Returns these limits with another {@link #halfClosed()}.
   *
   * @param halfClosed the limit, or zero for none
   * @return the limits
   */
  public TimeLimits halfClosed(Duration halfClosed) {
    return edit(edit -> edit.halfClosed = halfClosed);
  }

  /**
   * Returns these limits with another {@link #lifetime()}.
   *
   * @param lifetime the limit, or zero for none
   * @return the limits
   */
  public TimeLimits lifetime(Duration lifetime) {
    return edit(edit -> edit.lifetime = lifetime);
  }

  /**
   * Returns these limits with another {@link #linger()}.
   *
   * @param linger the limit, or zero for none
   * @return the limits
   */
  public TimeLimits linger(Duration linger) {
    return edit(edit -> edit.linger = linger);
  }

  /**
   * Returns these limits with another {@link #minReceiveRate()}.
   *
   * @param minReceiveRate bytes per second, or zero for no limit
   * @return the limits
   */
  public TimeLimits minReceiveRate(long minReceiveRate) {
    return edit(edit -> edit.minReceiveRate = minReceiveRate);
  }

  /** What changes one component and leaves the others. */
  private TimeLimits edit(Consumer<Edit> change) {
    var edit = new Edit(this);
    change.accept(edit);
    return new TimeLimits(
        edit.handshake,
        edit.firstByte,
        edit.message,
        edit.idle,
        edit.silence,
        edit.writeStall,
        edit.halfClosed,
        edit.lifetime,
        edit.linger,
        edit.minReceiveRate);
  }

  /** The components while one of them is changed, by one thread. */
  private static final class Edit {
    private Duration handshake;
    private Duration firstByte;
    private Duration message;
    private Duration idle;
    private Duration silence;
    private Duration writeStall;
    private Duration halfClosed;
    private Duration lifetime;
    private Duration linger;
    private long minReceiveRate;

    private Edit(TimeLimits from) {
      this.handshake = from.handshake;
      this.firstByte = from.firstByte;
      this.message = from.message;
      this.idle = from.idle;
      this.silence = from.silence;
      this.writeStall = from.writeStall;
      this.halfClosed = from.halfClosed;
      this.lifetime = from.lifetime;
      this.linger = from.linger;
      this.minReceiveRate = from.minReceiveRate;
    }
  }
}
