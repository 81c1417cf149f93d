package io.plainweave.udp;

import java.net.InetSocketAddress;
import java.util.Map;

/**
 * What has become of the datagrams at one address of a server since it was bound.
 *
 * @param address where
 * @param received how many the server has taken from its sockets, those that it then dropped
 *     included
 * @param sent how many it has sent
 * @param handlers how many handlers are at work now: sessions, or datagrams
 * @param dropped how many were dropped, and why; all but the kernel's drops are exact. Where other
 *     processes share the address, the kernel's drops of theirs are included
 */
public record DatagramStatistics(
    InetSocketAddress address,
    long received,
    long sent,
    int handlers,
    Map<DatagramDrop, Long> dropped) {
  /** Copies the map. */
  public DatagramStatistics {
    dropped = Map.copyOf(dropped);
  }

  /**
   * Returns how many were dropped for one reason.
   *
   * @param why the reason
   * @return how many, perhaps 0
   */
  public long dropped(DatagramDrop why) {
    return dropped.getOrDefault(why, 0L);
  }
}
