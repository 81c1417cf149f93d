package io.plainweave.loadtests.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Path;

/** Records as JSON: between the processes a line each, and in the file of a run. */
public final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  /** A value in one line. */
  public static String line(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value, e);
    }
  }

  /** The value that a line says. */
  public static <T> T read(String line, Class<T> type) throws IOException {
    return MAPPER.readValue(line, type);
  }

  /** A value as a file for people and programs. */
  public static void write(Path file, Object value) throws IOException {
    MAPPER.writer(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), value);
  }
}
