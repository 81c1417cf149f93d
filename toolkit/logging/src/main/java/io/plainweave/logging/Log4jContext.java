package io.plainweave.logging;

import java.util.Map;
import org.apache.logging.log4j.core.util.ContextDataProvider;

/**
 * Lets the lines of Log4j have the connection among the values of their thread context. Log4j finds
 * it by itself ({@link java.util.ServiceLoader}), and asks it for each line, in the thread that
 * logs it.
 */
public final class Log4jContext implements ContextDataProvider {
  /** For {@link java.util.ServiceLoader}. */
  public Log4jContext() {}

  @Override
  public Map<String, String> supplyContextData() {
    return ConnectionFields.ofThisThread();
  }
}
