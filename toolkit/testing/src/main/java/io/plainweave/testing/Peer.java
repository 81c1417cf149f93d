package io.plainweave.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.Connection;
import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import io.plainweave.PeerResetException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The other side of a conversation, as a test writes it down: what it sends, and what it expects.
 *
 * {@snippet file="io/plainweave/testing/GuideTest.java" region="peer"}
 *
 * <p>What does not come as expected, or not in time, is an {@link AssertionError} that shows the
 * conversation so far. Text travels as UTF-8.
 *
 * <p>A peer is for one thread at a time. Its time is that of the machine.
 */
public final class Peer implements AutoCloseable {
  private static final String ANY = "…";

  /** How many bytes that were not expected are shown. */
  private static final int MOST_SHOWN = 4_096;

  private final Connection connection;
  private final Conversation conversation = new Conversation();
  private Duration patience = Duration.ofSeconds(5);

  private Peer(Connection connection) {
    this.connection = connection;
  }

  /**
   * Makes a peer of one side of a connection.
   *
   * @param connection in memory or by a socket; the peer's to use and to close
   * @return the peer
   */
  public static Peer over(Connection connection) {
    return new Peer(Objects.requireNonNull(connection, "connection"));
  }

  /**
   * Sets how long the peer waits for what it expects. Default: 5 seconds.
   *
   * @param time positive
   * @return this peer
   * @throws IllegalArgumentException if it is not positive
   */
  public Peer patience(Duration time) {
    if (!time.isPositive()) {
      throw new IllegalArgumentException("patience must be positive: " + time);
    }
    patience = time;
    return this;
  }

  /** {@return the connection, for what a script cannot say} */
  public Connection connection() {
    return connection;
  }

  /**
   * Sends text, at once.
   *
   * @param text as it is: line ends included
   * @return this peer
   */
  public Peer send(String text) {
    return send(text.getBytes(UTF_8));
  }

  /**
   * Sends bytes, at once.
   *
   * @param bytes all of it
   * @return this peer
   */
  public Peer send(byte... bytes) {
    try {
      Deadline.in(patience)
          .call(() -> {
            connection.output().write(bytes);
            connection.output().flush();
            return true;
          });
    } catch (DeadlineExceededException e) {
      throw failed("there was no room within " + seconds() + " for " + Conversation.show(bytes), e);
    } catch (IOException e) {
      throw failed("could not send " + Conversation.show(bytes) + ": " + e, e);
    }
    conversation.sent(bytes);
    return this;
  }

  /**
   * Expects that text comes next, and takes it. An ellipsis (…) in it stands for any characters of
   * the same line, as few as possible; one at the end for the rest of the line, with its end.
   *
   * @param text for example {@code "250 …"} or {@code "+OK\r\n"}
   * @return this peer
   */
  public Peer expect(String text) {
    // Each byte is a character, so that where the text is cut is not the decoder's to say.
    Pattern pattern = Pattern.compile(regex(new String(text.getBytes(UTF_8), ISO_8859_1)));
    var come = new ByteArrayOutputStream();
    read(
        come,
        Conversation.show(text.getBytes(UTF_8)),
        _ -> {
          Matcher matcher = pattern.matcher(come.toString(ISO_8859_1));
          boolean whole = matcher.matches();
          if (!whole && !matcher.hitEnd()) {
            throw unexpected(Conversation.show(text.getBytes(UTF_8)), come);
          }
          return whole;
        });
    return this;
  }

  private static String regex(String text) {
    String any = new String(ANY.getBytes(UTF_8), ISO_8859_1);
    var regex = new StringBuilder();
    int from = 0;
    for (int at; (at = text.indexOf(any, from)) >= 0; from = at + any.length()) {
      regex.append(Pattern.quote(text.substring(from, at))).append("[^\r\n]*");
    }
    return from == text.length() && from > 0
        ? regex.append("\r?\n").toString()
        : regex.append(Pattern.quote(text.substring(from))).toString();
  }

  /**
   * Expects that bytes come next, and takes them.
   *
   * @param bytes all of them
   * @return this peer
   */
  public Peer expect(byte... bytes) {
    var come = new ByteArrayOutputStream();
    if (bytes.length > 0) {
      read(
          come,
          Conversation.show(bytes),
          b -> {
            if ((byte) b != bytes[come.size() - 1]) {
              throw unexpected(Conversation.show(bytes), come);
            }
            return come.size() == bytes.length;
          });
    }
    return this;
  }

  /**
   * Takes a line, whatever it is.
   *
   * @return the line without its end, which is LF or CR LF
   */
  public String receiveLine() {
    var come = new ByteArrayOutputStream();
    read(come, "a line", b -> b == '\n');
    return come.toString(UTF_8).replaceAll("\r?\n$", "");
  }

  /**
   * Takes bytes, whatever they are.
   *
   * @param count how many, at least 1
   * @return as many
   */
  public byte[] receive(int count) {
    var come = new ByteArrayOutputStream();
    read(come, count + " bytes", _ -> come.size() == count);
    return come.toByteArray();
  }

  /** Reads until there is enough, into what has come, and notes that. */
  private void read(ByteArrayOutputStream come, String expected, IntPredicate enough) {
    try {
      for (boolean complete = false; !complete; ) {
        int b = next();
        if (b < 0) {
          throw failed("expected " + expected + ", and " + soFar(come) + "the end", null);
        }
        come.write(b);
        complete = enough.test(b);
      }
      note(come);
    } catch (DeadlineExceededException e) {
      String time = "within " + seconds();
      throw failed("expected " + expected + ", and " + soFar(come) + "no more " + time, e);
    } catch (IOException e) {
      throw failed("expected " + expected + ", and " + soFar(come) + "met " + e, e);
    }
  }

  /** Notes what has come, and says so. */
  private String soFar(ByteArrayOutputStream come) {
    byte[] all = come.toByteArray();
    note(come);
    return "what came is " + Conversation.show(all) + " and ";
  }

  private void note(ByteArrayOutputStream come) {
    conversation.received(come.toByteArray());
  }

  private int next() throws IOException {
    return Deadline.in(patience).call(() -> connection.input().read());
  }

  /** Fails for what has come, and shows what else is there. */
  private AssertionError unexpected(String expected, ByteArrayOutputStream come) {
    try {
      while (come.size() < MOST_SHOWN && connection.input().available() > 0) {
        come.write(connection.input().read());
      }
    } catch (IOException e) {
      // What has come before is what counts.
    }
    byte[] all = come.toByteArray();
    note(come);
    return failed("expected " + expected + ", and what came is " + Conversation.show(all), null);
  }

  /**
   * Tells the other side that nothing more comes; it may still answer.
   *
   * @return this peer
   */
  public Peer halfClose() {
    try {
      connection.finishOutput();
    } catch (IOException e) {
      throw failed("could not finish: " + e, e);
    }
    conversation.sent("end");
    return this;
  }

  /**
   * Resets the connection.
   *
   * @return this peer
   */
  public Peer reset() {
    connection.abort();
    conversation.sent("reset");
    return this;
  }

  /**
   * Expects that the other side has sent all: the next thing that comes is the end.
   *
   * @return this peer
   */
  public Peer expectEnd() {
    expectLast("the end");
    conversation.received("end");
    return this;
  }

  /**
   * Expects that the other side resets the connection.
   *
   * @return this peer
   */
  public Peer expectReset() {
    var come = new ByteArrayOutputStream();
    try {
      int b = next();
      if (b >= 0) {
        come.write(b);
        throw unexpected("a reset", come);
      }
      throw failed("expected a reset, and the end came in order", null);
    } catch (PeerResetException e) {
      conversation.received("reset");
      return this;
    } catch (DeadlineExceededException e) {
      throw failed("expected a reset, and nothing came within " + seconds(), e);
    } catch (IOException e) {
      throw failed("expected a reset, and met " + e, e);
    }
  }

  private void expectLast(String what) {
    var come = new ByteArrayOutputStream();
    try {
      int b = next();
      if (b >= 0) {
        come.write(b);
        throw unexpected(what, come);
      }
    } catch (DeadlineExceededException e) {
      throw failed("expected " + what + ", and nothing came within " + seconds(), e);
    } catch (IOException e) {
      throw failed("expected " + what + ", and met " + e, e);
    }
  }

  /**
   * Expects that nothing comes for a while, neither bytes nor the end.
   *
   * @param time how long, of real time
   * @return this peer
   */
  public Peer expectSilence(Duration time) {
    var come = new ByteArrayOutputStream();
    try {
      int b = Deadline.in(time).call(() -> connection.input().read());
      if (b < 0) {
        throw failed("expected silence, and the end came", null);
      }
      come.write(b);
      throw unexpected("silence", come);
    } catch (DeadlineExceededException e) {
      return this;
    } catch (IOException e) {
      throw failed("expected silence, and met " + e, e);
    }
  }

  private String seconds() {
    return patience.toMillis() / 1_000.0 + " s";
  }

  private AssertionError failed(String what, @Nullable Throwable cause) {
    return new AssertionError(what + "\n" + conversation, cause);
  }

  /** {@return the conversation so far, a line for each part} */
  @Override
  public String toString() {
    return conversation.toString();
  }

  /** Closes the connection in order. */
  @Override
  public void close() {
    try {
      connection.close();
    } catch (IOException e) {
      // It has ended by itself.
    }
  }
}
