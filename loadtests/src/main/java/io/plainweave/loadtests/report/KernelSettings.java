package io.plainweave.loadtests.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The settings of the kernel that matter for many sockets, where the system tells them. */
final class KernelSettings {
  private static final List<String> NAMES =
      List.of(
          "fs.nr_open",
          "net.core.somaxconn",
          "net.ipv4.ip_local_port_range",
          "net.ipv4.tcp_max_syn_backlog",
          "net.ipv4.tcp_mem",
          "net.ipv4.tcp_migrate_req",
          "net.ipv4.tcp_rmem",
          "net.ipv4.tcp_wmem",
          "vm.max_map_count");
  private static final Pattern NOFILE =
      Pattern.compile("(?m)^Max open files\\s+(\\S+)\\s+(\\S+)\\s");

  private KernelSettings() {}

  /**
   * Reads them.
   *
   * @param proc where the proc file system is mounted
   */
  static Map<String, String> read(Path proc) {
    Map<String, String> settings = new TreeMap<>();
    for (String name : NAMES) {
      String value = text(proc.resolve("sys").resolve(name.replace('.', '/')));
      if (!value.isEmpty()) {
        settings.put(name, value.replaceAll("\\s+", " "));
      }
    }
    Matcher nofile = NOFILE.matcher(text(proc.resolve("self/limits")));
    if (nofile.find()) {
      settings.put("nofile", nofile.group(1) + " soft, " + nofile.group(2) + " hard");
    }
    return settings;
  }

  /**
   * Line by line: a sysctl gives no more after the one byte that {@code readString} begins with.
   */
  private static String text(Path file) {
    try {
      return String.join("\n", Files.readAllLines(file)).strip();
    } catch (IOException e) {
      return ""; // another system, or a namespace that lacks this one: the report does without
    }
  }
}
