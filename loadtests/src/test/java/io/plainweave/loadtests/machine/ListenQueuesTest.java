package io.plainweave.loadtests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class ListenQueuesTest {
  @TempDir private Path folder;

  @Test
  void areReadByTheNamesOfTheirColumns() throws IOException {
    assertEquals(
        Optional.of(new ListenQueues(7, 9)),
        read(
            """
            TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits
            TcpExt: 1 7 9 4711
            IpExt: InNoRoutes
            IpExt: 3
            """));
  }

  @Test
  void areUnknownWhereTheKernelDoesNotTell() throws IOException {
    assertEquals(Optional.empty(), ListenQueues.read(folder.resolve("none")));
    assertEquals(Optional.empty(), read("TcpExt: TCPHPHits\nTcpExt: 4711\n"));
    assertEquals(Optional.empty(), read(""));
  }

  private Optional<ListenQueues> read(String contents) throws IOException {
    return ListenQueues.read(Files.writeString(folder.resolve("netstat"), contents));
  }
}
