package io.plainweave.internal.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.server.ServerInsides;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The names are those of JDK 25: with another one this test says which are to be looked up. */
@DisplayName("The threads of the JDK by which virtual threads live")
@Timeout(30)
class JdkThreadsTest {
  @Test
  void areFoundByTheirNamesAndAlive() throws Exception {
    ServerInsides.warmUp();
    JdkThreads threads = JdkThreads.find();
    assertEquals(JdkThreads.IRREPLACEABLE, threads.names());
    assertNull(threads.dead());
  }

  @Test
  void includeTheCarriers() throws Exception {
    ServerInsides.warmUp();
    assertTrue(JdkThreads.carriers().findAny().isPresent());
  }
}
