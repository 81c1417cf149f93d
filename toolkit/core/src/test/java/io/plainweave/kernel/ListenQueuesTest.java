package io.plainweave.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The listen queues")
@Timeout(10)
class ListenQueuesTest {
  @Test
  void haveACountOfOverflows() {
    assertEquals(
        OptionalLong.of(17),
        ListenQueues.overflows(
            """
            TcpExt: SyncookiesSent ListenOverflows ListenDrops
            TcpExt: 1 17 18
            IpExt: ListenOverflows
            IpExt: 5
            """));
    assertEquals(OptionalLong.empty(), ListenQueues.overflows("IpExt: A\nIpExt: 1\n"));
    assertEquals(OptionalLong.empty(), ListenQueues.overflows("TcpExt: A B\nTcpExt: 1 2\n"));
  }

  @Test
  void areAsLongAsTheKernelAllows() throws Exception {
    Path setting = Path.of("/proc/sys/net/core/somaxconn");
    assumeTrue(Files.isReadable(setting), "this is not Linux");
    int allowed = Integer.parseInt(Files.readAllLines(setting).getFirst());
    assertEquals(OptionalInt.of(Math.min(ListenQueues.BACKLOG, allowed)), ListenQueues.longest());
  }
}
