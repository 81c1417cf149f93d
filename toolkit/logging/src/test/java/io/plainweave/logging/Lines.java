package io.plainweave.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what is logged, as its layout shows it, for the test that runs. */
public final class Lines extends AppenderBase<ILoggingEvent> {
  /** One of the lines. */
  record Line(String text, String message, Map<String, String> values) {}

  private static final BlockingQueue<Line> ALL = new LinkedBlockingQueue<>();

  private Layout<ILoggingEvent> layout;

  /** For Logback. */
  public void setLayout(Layout<ILoggingEvent> layout) {
    this.layout = layout;
  }

  @Override
  protected void append(ILoggingEvent line) {
    String message = line.getFormattedMessage();
    // Of the toolkit's own lines, those about a connection.
    if (!line.getLoggerName().equals("io.plainweave.server.Server")
        || message.startsWith("connection ")) {
      ALL.add(new Line(layout.doLayout(line), message, line.getMDCPropertyMap()));
    }
  }

  static void forget() {
    ALL.clear();
  }

  static Line next() throws InterruptedException {
    Line line = ALL.poll(10, TimeUnit.SECONDS);
    if (line == null) {
      throw new AssertionError("nothing was logged within 10 s");
    }
    return line;
  }

  static List<Line> next(int count) throws InterruptedException {
    List<Line> lines = new ArrayList<>();
    while (lines.size() < count) {
      lines.add(next());
    }
    return lines;
  }
}
