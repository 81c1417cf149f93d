package io.plainweave.loadtests.models;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Programs of the system that are used where they are installed. */
final class Programs {
  static final String SOCKET_ACTIVATE = "systemd-socket-activate";
  static final String STRACE = "strace";
  static final String TASKSET = "taskset";

  private Programs() {}

  static boolean isInstalled(String name) {
    String path = System.getenv("PATH");
    return path != null
        && Arrays.stream(path.split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }
}
