package io.plainweave.logging;

import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The MDC as the lines of Logback see it: that of the program, and the fields of the connection.
 * Logback asks for it in the thread that logs, where a layout needs it or an appender puts the line
 * by for another thread.
 */
@SuppressWarnings({"rawtypes", "unchecked"}) // as Logback declares it
final class LogbackMdc extends LogbackMDCAdapter {
  private final LogbackMDCAdapter program;

  LogbackMdc(LogbackMDCAdapter program) {
    this.program = program;
  }

  @Override
  public Map<String, String> getPropertyMap() {
    Map<String, String> own = program.getPropertyMap();
    Map<String, String> fields = ConnectionFields.ofThisThread();
    if (fields.isEmpty() || own == null || own.isEmpty()) {
      return fields.isEmpty() ? own : fields;
    }
    Map<String, String> all = new HashMap<>(fields);
    all.putAll(own);
    return all;
  }

  // All else is the program's

  @Override
  public void put(String key, String value) {
    program.put(key, value);
  }

  @Override
  public String get(String key) {
    return program.get(key);
  }

  @Override
  public void remove(String key) {
    program.remove(key);
  }

  @Override
  public void clear() {
    program.clear();
  }

  @Override
  public Map getCopyOfContextMap() {
    return program.getCopyOfContextMap();
  }

  @Override
  public Set<String> getKeys() {
    return program.getKeys();
  }

  @Override
  public void setContextMap(Map contextMap) {
    program.setContextMap(contextMap);
  }

  @Override
  public void pushByKey(String key, String value) {
    program.pushByKey(key, value);
  }

  @Override
  public String popByKey(String key) {
    return program.popByKey(key);
  }

  @Override
  public Deque<String> getCopyOfDequeByKey(String key) {
    return program.getCopyOfDequeByKey(key);
  }

  @Override
  public void clearDequeByKey(String key) {
    program.clearDequeByKey(key);
  }
}
