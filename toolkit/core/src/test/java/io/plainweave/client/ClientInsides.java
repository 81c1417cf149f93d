package io.plainweave.client;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.stream.Stream;

/** What a client does not tell, for tests in other packages. */
public final class ClientInsides {
  private ClientInsides() {}

  /** Starts what the first connect of a process starts. */
  public static void warmUp() throws IOException {
    Client.shared();
    await().until(() -> atWork() > 0);
  }

  /** How many clients there are whose threads run. */
  static long atWork() {
    return atWork("supervise");
  }

  /** How many of them are in a method of the client, at the bottom of which is their thread. */
  static long atWork(String method) {
    return Thread.getAllStackTraces().values().stream()
        .filter(stack -> Stream.of(stack).anyMatch(ClientInsides::isOfThread))
        .filter(stack -> Stream.of(stack).anyMatch(it -> it.getMethodName().equals(method)))
        .count();
  }

  private static boolean isOfThread(StackTraceElement frame) {
    return frame.getClassName().equals(ClientThread.class.getName())
        && frame.getMethodName().equals("supervise");
  }
}
