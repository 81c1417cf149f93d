package io.plainweave.loadtests.compare;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Requests, and the answers to them.
 *
 * <p>A server's answers are all as its first one, but for the time in the field {@code Date}. That
 * one is read as HTTP says; all others are compared with it, every byte of them.
 */
final class HttpMessages implements Messages {
  static final String TARGET = "/hello";
  static final String BODY = "hello, world\n";

  private static final Pattern FRAMED =
      Pattern.compile("(?i)\r\ncontent-length: *" + BODY.length() + " *\r\n");
  private static final Pattern DATE = Pattern.compile("(?i)\r\ndate: *([ -~]+)\r\n");
  private static final String END_OF_HEAD = "\r\n\r\n";
  private static final int LONGEST_HEAD = 8 << 10;

  private final ByteBuffer requests;
  private final ByteBuffer answers;
  private final int bytesOfAnswer;

  /** Where the time is within an answer; nowhere if both are the same. */
  private final int dateBegin;

  private final int dateEnd;

  private HttpMessages(String request, String answer, int depth) {
    requests = direct(request.repeat(depth));
    answers = direct(answer.repeat(depth));
    bytesOfAnswer = answer.length();
    Matcher date = DATE.matcher(answer);
    boolean found = date.find();
    dateBegin = found ? date.start(1) : 0;
    dateEnd = found ? date.end(1) : 0;
  }

  private static ByteBuffer direct(String text) {
    return ByteBuffer.allocateDirect(text.length()).put(text.getBytes(ISO_8859_1));
  }

  /** Sends a request, and takes what is answered as the answer of the server, if it is right. */
  static HttpMessages of(Transport transport, int port, int depth) throws IOException {
    String request = "GET " + TARGET + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + END_OF_HEAD;
    transport.write(ByteBuffer.wrap(request.getBytes(US_ASCII)));
    ByteBuffer came = ByteBuffer.allocate(Transport.LEAST_TARGET);
    String answer = "";
    while (!answer.endsWith(END_OF_HEAD + BODY)) {
      if (answer.length() > LONGEST_HEAD || transport.read(came) < 0) {
        throw new EOFException("no answer with the body '" + BODY.strip() + "': " + shown(answer));
      }
      answer = new String(came.array(), 0, came.position(), ISO_8859_1);
    }
    String head = answer.substring(0, answer.length() - BODY.length());
    if (!head.startsWith("HTTP/1.1 200 ")
        || head.indexOf(END_OF_HEAD) + END_OF_HEAD.length() != head.length()
        || !FRAMED.matcher(head).find()) {
      throw new IOException("no 200 with a Content-Length: " + shown(answer));
    }
    return new HttpMessages(request, answer, depth);
  }

  private static String shown(String answer) {
    String begin = answer.substring(0, Math.min(200, answer.length()));
    return "'" + begin.replace("\r\n", " | ") + "'";
  }

  @Override
  public int outgoing() {
    return requests.capacity();
  }

  @Override
  public int incoming() {
    return answers.capacity();
  }

  @Override
  public ByteBuffer from(int sent) {
    return requests.limit(requests.capacity()).position(sent);
  }

  @Override
  public void check(ByteBuffer came, int received, boolean everyByte) throws IOException {
    int length = came.position();
    if (length > answers.capacity() - received) {
      throw wrong(length, received);
    }
    came.flip();
    answers.limit(received + length).position(received);
    for (int same; (same = came.mismatch(answers)) >= 0; ) {
      int at = answers.position() + same;
      int begin = at / bytesOfAnswer * bytesOfAnswer;
      if (at < begin + dateBegin || at >= begin + dateEnd) {
        throw wrong(length, received);
      }
      // Another second has begun; those that follow are compared with this one.
      int left = Math.min(begin + dateEnd, answers.limit()) - at;
      came.position(came.position() + same);
      answers.position(at);
      for (int i = 0; i < left; i++) {
        answers.put(came.get());
      }
    }
    came.limit(came.capacity()).position(length);
  }

  private static IOException wrong(int length, int received) {
    return new IOException("received " + length + " wrong bytes after " + received);
  }
}
