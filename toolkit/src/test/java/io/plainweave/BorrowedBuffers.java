package io.plainweave;

import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.List;

/** Counts the buffers that a connection holds, by looking into it. */
final class BorrowedBuffers {
  private BorrowedBuffers() {}

  static int of(SocketConnection connection) throws IllegalAccessException {
    int count = 0;
    for (Object part : List.of(connection.input(), connection.output(), connection)) {
      count += in(part);
    }
    return count;
  }

  private static int in(Object part) throws IllegalAccessException {
    int count = 0;
    for (Field field : part.getClass().getDeclaredFields()) {
      field.setAccessible(true);
      Object value = field.get(part);
      if (value instanceof ByteBuffer) {
        count++;
      } else if (field.getType().getSimpleName().startsWith("Tls") && value != null) {
        count += in(value);
      }
    }
    return count;
  }
}
