package io.plainweave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The names are those of JDK 25: with another one this test says which are to be looked up. */
@DisplayName("The threads of the JDK by which virtual threads live")
@Timeout(30)
class JdkThreadsTest {
  @Test
  void areFoundByTheirNamesAndAlive() throws Exception {
    WarmUp.run();
    JdkThreads threads = JdkThreads.find();
    assertEquals(JdkThreads.IRREPLACEABLE, threads.names());
    assertNull(threads.dead());
  }

  @Test
  void includeTheCarriers() throws Exception {
    WarmUp.run();
    assertTrue(JdkThreads.carriers().findAny().isPresent());
  }
}
