package io.plainweave.simulation.workload;

import io.plainweave.CloseReason;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Random;

/**
 * One connection as both sides know it, who share what no network does: what was sent, what has
 * come, and what may have gone wrong. Bytes follow a pattern, by which one that is lost, doubled or
 * another connection's is seen at once.
 */
final class Conversation {
  /** How it is to end. */
  enum End {
    /** The client finishes, then the server. */
    CLIENT_FIRST,
    /** The server's handler returns when it has said everything. */
    SERVER_FIRST,
    /** Another thread of the server closes while the handler reads. */
    CLOSED_WHILE_READING,
    /** Two other threads of the server close when the handler returns. */
    CLOSED_TWICE,
    /** Another thread of the server closes at some time. */
    CLOSED_ANYTIME,
    /** A thread of the server aborts at some time. */
    ABORTED_BY_SERVER,
    /** The client aborts at some time. */
    ABORTED_BY_CLIENT,
    /** Nobody says any more, until a time limit ends the connection. */
    SILENT,
    /**
     * The handler waits in the middle of a message, for a thread of its own, until a time limit.
     */
    WAITS_ELSEWHERE;

    static End choose(Random random, boolean calm) {
      int choices = calm ? SILENT.ordinal() : values().length;
      return values()[random.nextInt(choices)];
    }

    boolean isInOrder() {
      return ordinal() <= CLOSED_TWICE.ordinal();
    }
  }

  static final int HEADER = 8;

  final int id;
  final End end;
  final int bytes;

  // Each is touched by one side only.

  int clientPort;
  int atServer;
  int atClient;
  boolean clientSawEnd;
  boolean wasServed;
  Throwable clientFailure;
  Throwable handlerFailure;

  // What the server's events say.

  int opened;
  int closed;
  CloseReason reason;

  Conversation(int id, End end, int bytes) {
    this.id = id;
    this.end = end;
    this.bytes = bytes;
  }

  byte[] header() {
    return ByteBuffer.allocate(HEADER).putInt(id).putInt(bytes).array();
  }

  /** Bytes from the client, at a place; the server's are their complements. */
  byte byteAt(int place) {
    int mixed = (id * 0x9E3779B9) ^ (place * 0x85EBCA6B);
    return (byte) (mixed ^ (mixed >>> 15));
  }

  void fill(byte[] target, int from, int count) {
    for (int i = 0; i < count; i++) {
      target[i] = byteAt(from + i);
    }
  }

  /** Whether these are the bytes that must come there. */
  boolean matches(byte[] came, int from, int count) {
    for (int i = 0; i < count; i++) {
      if (came[i] != byteAt(from + i)) {
        return false;
      }
    }
    return true;
  }

  static int readHeader(InputStream input) throws IOException {
    byte[] header = input.readNBytes(HEADER);
    if (header.length < HEADER) {
      throw new EOFException("no header");
    }
    return ByteBuffer.wrap(header).getInt();
  }

  @Override
  public String toString() {
    return "conversation %d (%s, %d bytes, port %d, server had %d, client had %d%s, reason %s, %s, %s)"
        .formatted(
            id,
            end,
            bytes,
            clientPort,
            atServer,
            atClient,
            clientSawEnd ? " and the end" : "",
            reason,
            clientFailure,
            handlerFailure);
  }
}
