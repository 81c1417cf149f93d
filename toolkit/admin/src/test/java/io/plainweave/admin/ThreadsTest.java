package io.plainweave.admin;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The tree of threads that the admin listener shows")
@Timeout(30)
class ThreadsTest {
  @Test
  void hasEachConnection() throws Exception {
    try (Guarded guarded = Guarded.start(Guarded::hold);
        Socket _ = guarded.connectAndExchange()) {
      String tree = Programs.curl(guarded.url("/threads"));
      assertTrue(tree.startsWith("process " + ProcessHandle.current().pid() + ", Java 2"), tree);
      assertTrue(tree.contains("plainweave connection"), tree);
      String table = Programs.curl(guarded.url("/threads?most=0"));
      assertTrue(table.length() < tree.length(), table);
    }
  }

  @Test
  void isNotAskedForInOtherWays() throws Exception {
    try (Guarded guarded = Guarded.start()) {
      for (String wrong : new String[] {"most=-1", "most=x", "most=10001", "format=json"}) {
        String answer = Programs.status(guarded.url("/threads?" + wrong));
        assertTrue(answer.startsWith("400 "), answer);
      }
    }
  }
}
