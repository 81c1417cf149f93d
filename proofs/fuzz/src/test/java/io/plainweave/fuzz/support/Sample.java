package io.plainweave.fuzz.support;

import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * A program of the samples, of which no code can name the class: one object of it, with nothing
 * kept from another.
 */
public final class Sample {
  /** To look for one would take more memory than the call. */
  private static final ConcurrentHashMap<Key, Method> METHODS = new ConcurrentHashMap<>();

  private record Key(Class<?> type, String name, int parameters) {
    Method method() {
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().equals(name) && method.getParameterCount() == parameters) {
          method.setAccessible(true);
          return method;
        }
      }
      throw new AssertionError("there is no method " + name);
    }
  }

  private final Object program;

  /** Makes one. */
  public Sample(String name) {
    try {
      var constructor = Class.forName(name).getDeclaredConstructor();
      constructor.setAccessible(true);
      program = constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("there is no sample " + name, e);
    }
  }

  /** Calls a method of it, of which there is one with so many parameters. */
  public Object call(String name, Object... arguments) throws Exception {
    return call(program.getClass(), program, name, arguments);
  }

  /** Calls a method of a class within it. */
  public Object callWithin(String type, String name, Object... arguments) throws Exception {
    return call(Class.forName(program.getClass().getName() + "$" + type), null, name, arguments);
  }

  /** The value of a field of it. */
  public Object field(String name) {
    try {
      Field field = program.getClass().getDeclaredField(name);
      field.setAccessible(true);
      return field.get(program);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("there is no field " + name, e);
    }
  }

  /** Sets a field of it. */
  public void set(String name, Object value) {
    try {
      Field field = program.getClass().getDeclaredField(name);
      field.setAccessible(true);
      field.set(program, value);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("there is no field " + name, e);
    }
  }

  private static Object call(Class<?> type, Object target, String name, Object... arguments)
      throws Exception {
    Method method = METHODS.computeIfAbsent(new Key(type, name, arguments.length), Key::method);
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      switch (e.getCause()) {
        case Exception failure -> throw failure;
        case Error error -> throw error;
        default -> throw e;
      }
    }
  }

  /**
   * Serves a connection whose peer sends this, and then finishes.
   *
   * @param mask leaves out of what was sent what is another each time
   * @return what was sent, and how the handler has ended
   */
  public Outcome serve(Pieces pieces, UnaryOperator<byte[]> mask) {
    return Outcome.of(
        seen -> {
          var connection = new MemoryConnection(pieces);
          try {
            call("serve", (Connection) connection);
          } finally {
            seen.accept(mask.apply(connection.sent()));
          }
        },
        MalformedMessageException.class,
        TruncatedMessageException.class);
  }
}
