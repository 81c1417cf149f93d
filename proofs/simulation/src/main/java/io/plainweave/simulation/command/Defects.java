package io.plainweave.simulation.command;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Puts defects of the past back, each into a copy of the toolkit, and looks how many seeds it takes
 * to find it: what does not find them is not to be believed when it finds nothing.
 */
final class Defects {
  private static final Path ROOT =
      Path.of(Objects.requireNonNullElse(System.getProperty("simulation.root"), "."));
  private static final Path SOURCES = ROOT.resolve("toolkit/core/src/main/java");
  private static final Path PATCHES = ROOT.resolve("proofs/simulation/src/test/resources/defects");

  private static final String CHANGED = "+++ b/toolkit/core/src/main/java/";

  private final long most;

  Defects(long most) {
    this.most = most;
  }

  /** Whether all are found. */
  boolean find() throws IOException, InterruptedException {
    boolean all = true;
    try (Stream<Path> patches = Files.list(PATCHES)) {
      for (Path patch : patches.sorted().toList()) {
        all &= find(patch);
      }
    }
    return all;
  }

  private boolean find(Path patch) throws IOException, InterruptedException {
    Path copy = Files.createTempDirectory("plainweave-defect");
    try {
      Path sources = copy.resolve("toolkit/core/src/main/java");
      copy(SOURCES, sources);
      run(new ProcessBuilder("git", "apply", patch.toAbsolutePath().toString()), copy, copy);
      return search(patch, compile(patch, sources, copy.resolve("classes")));
    } finally {
      delete(copy);
    }
  }

  /** Compiles what the patch has changed; the rest is on the class path already. */
  private static Path compile(Path patch, Path sources, Path to) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-nowarn",
                "-proc:none",
                "-g",
                "-d",
                to.toString(),
                "-cp",
                System.getProperty("java.class.path")));
    for (String line : Files.readAllLines(patch)) {
      if (line.startsWith(CHANGED)) {
        arguments.add(sources.resolve(line.substring(CHANGED.length())).toString());
      }
    }
    var compiler = ToolProvider.findFirst("javac").orElseThrow();
    if (compiler.run(System.out, System.err, arguments.toArray(String[]::new)) != 0) {
      throw new IOException("the toolkit with the defect does not compile");
    }
    return to;
  }

  private boolean search(Path patch, Path classes) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-cp");
    command.add(classes + File.pathSeparator + System.getProperty("java.class.path"));
    command.add(Search.class.getName());
    command.add(Long.toString(most));
    System.out.println(patch.getFileName() + ":");
    Process search = new ProcessBuilder(command).inheritIO().start();
    return search.waitFor() == 1;
  }

  private static void run(ProcessBuilder builder, Path in, Path ceiling)
      throws IOException, InterruptedException {
    // A repository around the folder of temporary files must not count.
    builder.environment().put("GIT_CEILING_DIRECTORIES", ceiling.getParent().toString());
    Process process = builder.directory(in.toFile()).inheritIO().start();
    if (process.waitFor() != 0) {
      throw new IOException("failed: " + builder.command());
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
