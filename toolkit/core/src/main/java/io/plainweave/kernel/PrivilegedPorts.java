package io.plainweave.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/** The ports at which not everybody may listen (ip(7), capabilities(7)). */
public final class PrivilegedPorts {
  private static final Path FIRST_FREE = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  private static final Path STATUS = Path.of("/proc/self/status");

  /** The number of CAP_NET_BIND_SERVICE. */
  private static final int MAY_BIND = 10;

  private PrivilegedPorts() {}

  /** From which port on this process may listen, at any; empty where the system does not tell. */
  public static OptionalInt firstFree() {
    try {
      String status = Files.readString(STATUS, StandardCharsets.ISO_8859_1);
      return mayBind(status) ? OptionalInt.of(0) : OptionalInt.of(Sysctl.number(FIRST_FREE));
    } catch (IOException | NumberFormatException cannotTell) {
      return OptionalInt.empty();
    }
  }

  /** Reads the effective capabilities, a number of 64 bits in hexadecimal. */
  static boolean mayBind(String status) {
    return status
        .lines()
        .filter(line -> line.startsWith("CapEff:"))
        .map(line -> Long.parseUnsignedLong(line.substring(line.indexOf(':') + 1).strip(), 16))
        .allMatch(capabilities -> (capabilities >>> MAY_BIND & 1) == 1);
  }
}
