package io.plainweave.loadtests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class DestinationsTest {

  @Test
  void everyDestinationIsADifferentLoopbackAddress() {
    Map<InetSocketAddress, Long> connections = spread(600, 600);

    assertEquals(600, connections.size());
    connections.forEach((destination, count) -> {
      assertTrue(destination.getAddress().isLoopbackAddress(), destination::toString);
      assertEquals(7000, destination.getPort());
      assertEquals(1, count);
    });
  }

  @Test
  void everyDestinationGetsAsManyConnections() {
    Map<InetSocketAddress, Long> connections = spread(30_000, 3);

    assertEquals(3, connections.size());
    connections.values().forEach(count -> assertEquals(10_000, count));
  }

  @Test
  void theNetworksOwnAddressesAreLeftOut() {
    assertEquals("127.0.0.1", Destinations.address(0).getHostAddress());
    assertEquals("127.0.1.0", Destinations.address(255).getHostAddress());
    assertEquals("127.255.255.254", Destinations.address(Destinations.MOST - 1).getHostAddress());
  }

  private static Map<InetSocketAddress, Long> spread(int connections, int count) {
    Destinations destinations = new Destinations(count, 7000);
    return IntStream.range(0, connections)
        .mapToObj(destinations::of)
        .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
  }
}
