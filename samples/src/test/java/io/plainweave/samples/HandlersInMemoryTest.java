package io.plainweave.samples;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.testing.Peer;
import io.plainweave.testing.TestServer;
import io.plainweave.testing.TestServerBuilder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The handlers of samples, without a socket and a process. */
@DisplayName("In memory, the handler of")
@Timeout(30)
class HandlersInMemoryTest {
  /** What a sample has for each connection: a program of one file has a class that nobody names. */
  private static TestServerBuilder handlerOf(String sample, String method) throws Exception {
    var constructor = Class.forName(sample).getDeclaredConstructor();
    constructor.setAccessible(true);
    Object program = constructor.newInstance();
    Method serve = program.getClass().getDeclaredMethod(method, Connection.class);
    serve.setAccessible(true);
    Handler handler =
        connection -> {
          try {
            serve.invoke(program, connection);
          } catch (InvocationTargetException e) {
            throw e.getCause() instanceof Exception failure ? failure : e;
          }
        };
    return TestServer.inMemory().handler(handler);
  }

  @Test
  void chatTellsEverybody() throws Exception {
    try (var server = handlerOf("Chat", "chat").start();
        Peer ann = server.peer();
        Peer bob = server.peer()) {
      ann.expect("Your name, please …").send("ann\n").expect("* ann has joined: ann\n");
      bob.expect("Your name, please …").send("bob\n").expect("* bob has joined: …");
      ann.expect("* bob has joined: …").send("hello\n").expect("ann: hello\n");
      bob.expect("ann: hello\n").send("/quit\n");
      ann.expect("* bob has left\n");
    }
  }

  @Test
  void redisKeepsWhatIsSet() throws Exception {
    try (var server = handlerOf("Redis", "serve").start();
        Peer peer = server.peer()) {
      peer.send("*1\r\n$4\r\nPING\r\n").expect("+PONG\r\n");
      peer.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n").expect("+OK\r\n");
      peer.send("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n").expect("$5\r\nvalue\r\n");
    }
  }

  @Test
  void httpAnswers() throws Exception {
    try (var server = handlerOf("Http", "serve").start();
        Peer peer = server.peer()) {
      peer.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      peer.expect("HTTP/1.1 …");
    }
  }
}
