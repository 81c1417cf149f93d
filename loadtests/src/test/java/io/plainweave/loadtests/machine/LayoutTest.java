package io.plainweave.loadtests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
final class LayoutTest {
  private static final int CAPACITY = 19_800;

  @Test
  void aFewConnectionsTakeOneProcessOfEachKind() {
    Layout layout = Layout.of(300, machine(20_000, 4096, 2));

    assertEquals(1, layout.servers());
    assertEquals(1, layout.clients());
    assertEquals(1, layout.destinations());
  }

  @Test
  void moreThanAProcessMayOpenTakesSeveral() {
    Layout layout = Layout.of(30_000, machine(20_000, 4096, 2));

    assertEquals(2, layout.servers());
    assertEquals(2, layout.clients());
    assertEquals(3, layout.destinations());
  }

  @Test
  void serversGetHeadroomThatClientsDoNotNeed() {
    Layout layout = Layout.of(3 * CAPACITY, machine(20_000, 4096, 2));

    assertEquals(3, layout.clients());
    assertEquals(4, layout.servers());
  }

  @Test
  void oneServerNeedsNoHeadroom() {
    assertEquals(1, Layout.of(CAPACITY, machine(20_000, 4096, 2)).servers());
    assertEquals(2, Layout.of(CAPACITY + 1, machine(20_000, 4096, 2)).servers());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 11, 64})
  void theFullestServerOfARandomSpreadHasRoom(int servers) {
    int connections = (int) Layout.heldBy(servers, CAPACITY);
    Layout layout = Layout.of(connections, machine(20_000, 4096, 2));
    Random random = new Random(servers);

    int[] shares = new int[servers];
    for (int i = 0; i < connections; i++) {
      shares[random.nextInt(servers)]++;
    }

    assertEquals(servers, layout.servers());
    for (int share : shares) {
      assertTrue(share <= layout.serverShare(), () -> share + " > " + layout.serverShare());
      assertTrue(layout.serverShare() <= CAPACITY, () -> layout.serverShare() + " > " + CAPACITY);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 299, 19_801, 30_000, 1_000_000})
  void theClientsShareAllConnectionsEvenly(int connections) {
    Layout layout = Layout.of(connections, machine(20_000, 4096, 2));

    assertEquals(0, layout.firstOf(0));
    assertEquals(connections, layout.firstOf(layout.clients()));
    for (int i = 0; i < layout.clients(); i++) {
      int share = layout.firstOf(i + 1) - layout.firstOf(i);
      assertTrue(share <= Math.ceilDiv(connections, layout.clients()));
      assertTrue(share <= CAPACITY);
    }
  }

  @Test
  void noDestinationGetsMoreThanHalfTheEphemeralPorts() {
    Layout layout = Layout.of(1_000_000, machine(20_000, 4096, 2));

    assertTrue(Math.ceilDiv(1_000_000, layout.destinations()) <= 28_232 / 2);
    assertTrue(1_000_000 / (layout.destinations() - 1) > 28_232 / 2);
  }

  @Test
  void allThatIsInFlightFitsIntoHalfABacklog() {
    Layout layout = Layout.of(60_000, machine(20_000, 128, 2));

    assertTrue(layout.window() * layout.clients() <= 64);
    assertTrue(layout.window() >= 1);
  }

  @Test
  void coresThatWouldIdleGetClients() {
    assertEquals(4, Layout.of(1_000_000, machine(3_000_000, 4096, 8)).clients());
    assertEquals(1, Layout.of(300, machine(3_000_000, 4096, 8)).clients());
  }

  @Test
  void aGeneratorHasItsClientsOnly() {
    Layout layout = Layout.ofGenerator(30_000, 3, machine(20_000, 4096, 2));

    assertEquals("30,000 connections, processes: 2 client, targets: 3", layout.toString());
    assertEquals(30_000, layout.firstOf(layout.clients()));
  }

  @Test
  void aProcessWithoutDescriptorsToSpareCannotBeLaidOut() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Layout.of(1, machine(200, 4096, 2)));

    assertEquals("a process needs more than 200 descriptors: 200", e.getMessage());
  }

  private static Machine machine(long descriptors, int backlog, int cores) {
    return new MachineFiles()
        .with(MachineFiles.SOMAXCONN, Integer.toString(backlog))
        .descriptors(descriptors)
        .cores(cores)
        .machine();
  }
}
