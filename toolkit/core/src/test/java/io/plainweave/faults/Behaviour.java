package io.plainweave.faults;

import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** What a handler of the {@link FaultServer} does. The first byte of a connection chooses. */
enum Behaviour {
  /** Sends everything back; it is no message. */
  ECHO(
      'e',
      connection -> {
        connection.endMessage();
        connection.input().transferTo(connection.output());
      }),

  /** Answers each line, which is a message, with itself. */
  LINES('l', Behaviour::answerLines),

  /** Answers requests of HTTP, as far as a test needs it. */
  HTTP('G', Behaviour::answerHttp),
  HTTP_POST('P', Behaviour::answerHttp),

  /** Reads a message that is longer than what any peer sends. */
  LONG_MESSAGE('m', connection -> connection.input().readNBytes(100_000_000)),

  /** Writes more than any socket buffers. */
  WRITE(
      'w',
      connection -> {
        byte[] bytes = new byte[100_000];
        for (int i = 0; i < 1_000; i++) {
          connection.output().write(bytes);
        }
      }),

  /** Writes without an end. */
  FLOOD(
      'W',
      connection -> {
        byte[] bytes = new byte[100_000];
        while (true) {
          connection.output().write(bytes);
        }
      }),

  /** Replies without reading what else has come. */
  REPLY('r', connection -> connection.output().write(reply())),

  /** Finishes its output, then reads to the end. */
  FINISH_FIRST(
      'z',
      connection -> {
        connection.endMessage();
        connection.output().write('z');
        connection.finishOutput();
        connection.input().readAllBytes();
      }),

  EXCEPTION(
      'x',
      connection -> {
        throw new IllegalStateException("expected by this test");
      }),
  ERROR(
      'X',
      connection -> {
        throw new AssertionError("expected by this test");
      }),
  STACK_OVERFLOW('o', connection -> recurse(0)),
  OUT_OF_MEMORY('O', connection -> takeAllMemory()),
  HOLD_MEMORY('M', Behaviour::holdMemory),
  OUT_OF_DESCRIPTORS('F', connection -> openAllFiles()),
  OUT_OF_THREADS('t', connection -> startAllThreads()),
  ABORT('a', Connection::abort),

  /** Closes by itself, twice, and goes on as if nothing were. */
  CLOSE_TWICE(
      'q',
      connection -> {
        connection.output().write('q');
        connection.close();
        connection.close();
        connection.abort();
      }),

  SLEEP('s', connection -> new CountDownLatch(1).await()),
  COMPUTE('c', connection -> compute()),

  /** Blocks its carrier in a file that has nothing to read. */
  READ_FIFO(
      'f',
      connection -> {
        try (var fifo = new FileInputStream(System.getProperty("faults.fifo"))) {
          fifo.read();
        }
      }),

  IGNORE_INTERRUPTS('i', connection -> ignoreInterrupts()),

  /** Waits for a lock that it will never get, and that no interrupt ends. */
  DEADLOCK('k', connection -> lockForEver()),

  /** Leaves a thread behind in a scope that it does not close. */
  LEAK_FORK('h', Behaviour::leakFork),

  /** Returns with its interrupt flag set, after a reply. */
  INTERRUPT_ITSELF(
      'I',
      connection -> {
        connection.output().write('I');
        connection.output().flush();
        Thread.currentThread().interrupt();
      }),

  /** Starts a program that outlives the connection. */
  START_PROGRAM(
      'p',
      connection -> {
        Process program = new ProcessBuilder("sleep", "20").start();
        connection.output().write((program.pid() + "\n").getBytes(StandardCharsets.US_ASCII));
      }),

  /** Leaves something in a variable of its thread. */
  THREAD_LOCAL(
      'T',
      connection -> {
        leaveBehind(new byte[10_000]);
        connection.output().write('T');
      });

  /** The handler for all of them. */
  static final Handler BY_FIRST_BYTE =
      connection -> {
        if (connection.awaitMessage()) {
          Behaviour.of(connection.input().read()).handler.handle(connection);
        }
      };

  private static final ThreadLocal<byte[]> LEFT_BEHIND = new ThreadLocal<>();

  /** Set when the test has had enough of what does not end by itself. */
  private static volatile boolean released;

  private final char code;
  private final Handler handler;

  Behaviour(char code, Handler handler) {
    this.code = code;
    this.handler = handler;
  }

  private static Behaviour of(int code) {
    return Arrays.stream(values())
        .filter(behaviour -> behaviour.code == code)
        .findFirst()
        .orElse(ECHO);
  }

  char code() {
    return code;
  }

  /** Ends what computes, and what ignores interrupts. */
  static void release() {
    released = true;
  }

  static byte[] reply() {
    byte[] reply = new byte[200_000];
    for (int i = 0; i < reply.length; i++) {
      reply[i] = (byte) i;
    }
    return reply;
  }

  private static void answerLines(Connection connection) throws IOException {
    var line = new StringBuilder();
    do {
      InputStream input = connection.input();
      for (int b; (b = input.read()) != '\n'; ) {
        if (b < 0) {
          return;
        }
        line.append((char) b);
      }
      connection.output().write(line.append('\n').toString().getBytes(StandardCharsets.US_ASCII));
      line.setLength(0);
      connection.endMessage();
    } while (connection.awaitMessage());
  }

  private static void answerHttp(Connection connection) throws IOException {
    do {
      var header = new StringBuilder();
      while (header.indexOf("\r\n\r\n", header.length() - 4) < 0) {
        int b = connection.input().read();
        if (b < 0) {
          return;
        }
        header.append((char) b);
      }
      int at = header.indexOf("Content-Length: ");
      if (at >= 0) {
        String length = header.substring(at + 16, header.indexOf("\r", at));
        connection.input().readNBytes(Integer.parseInt(length));
      }
      byte[] head =
          "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      connection.output().write(head);
      connection.output().write(new byte[10_000_000]);
      connection.output().flush();
      connection.endMessage();
    } while (connection.awaitMessage());
  }

  private static void leaveBehind(byte[] bytes) {
    LEFT_BEHIND.set(bytes);
  }

  private static int recurse(int depth) {
    return recurse(depth + 1) + depth;
  }

  private static void takeAllMemory() {
    List<byte[]> all = new ArrayList<>();
    while (true) {
      all.add(new byte[1_000_000]);
    }
  }

  /** Keeps most of the old generation in use, through many collections, until it is released. */
  private static void holdMemory(Connection connection) throws IOException {
    long most =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getName().equals("Tenured Gen"))
            .mapToLong(pool -> pool.getUsage().getMax())
            .sum();
    List<byte[]> held = new ArrayList<>();
    for (long bytes = 0; bytes < most / 100 * 93; bytes += 250_000) {
      held.add(new byte[250_000]);
    }
    while (!released) {
      System.gc();
      LockSupport.parkNanos(100_000_000);
    }
    connection.output().write(held.size() > 0 ? 'M' : '?');
    held.clear();
    System.gc();
  }

  private static void openAllFiles() throws IOException {
    List<FileInputStream> all = new ArrayList<>();
    try {
      while (true) {
        all.add(new FileInputStream("/dev/null"));
      }
    } finally {
      for (FileInputStream file : all) {
        file.close();
      }
    }
  }

  private static void startAllThreads() {
    var end = new CountDownLatch(1);
    try {
      while (true) {
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                end.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
      }
    } finally {
      end.countDown();
    }
  }

  private static void compute() {
    while (!released) {
      Thread.onSpinWait();
    }
  }

  private static void ignoreInterrupts() {
    while (!released) {
      LockSupport.parkNanos(10_000_000);
      Thread.interrupted();
    }
  }

  private static void lockForEver() throws InterruptedException {
    var lock = new ReentrantLock();
    var locked = new CountDownLatch(1);
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          lock.lock();
          locked.countDown();
          while (!released) {
            LockSupport.parkNanos(10_000_000);
          }
          lock.unlock();
        });
    locked.await();
    lock.lock();
    lock.unlock();
  }

  @SuppressWarnings("resource") // the fault
  private static void leakFork(Connection connection) {
    ConnectionScope scope = connection.openScope();
    scope.fork("left behind", () -> new CountDownLatch(1).await());
  }
}
