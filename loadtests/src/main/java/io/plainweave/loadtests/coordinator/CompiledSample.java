package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** The classes of a sample, once for all servers, in a folder that is removed at the end. */
public final class CompiledSample implements AutoCloseable {
  private final Path folder;

  private CompiledSample(Path folder) {
    this.folder = folder;
  }

  /**
   * Compiles it.
   *
   * @throws RunFailed if it is not there, or does not compile
   */
  public static CompiledSample compile(Path source) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new RunFailed("because there is no compiler in " + System.getProperty("java.home"));
    }
    if (!Files.isReadable(source)) {
      throw new RunFailed("because there is no " + source);
    }
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      var compiled = new CompiledSample(Files.createTempDirectory("loadtests-sample-"));
      StringWriter said = new StringWriter();
      List<String> options =
          List.of("-d", compiled.folder.toString(), "-cp", System.getProperty("java.class.path"));
      var sources = files.getJavaFileObjects(source);
      if (!compiler.getTask(said, files, null, options, null, sources).call()) {
        compiled.close();
        throw new RunFailed("because " + source + " does not compile:\n" + said);
      }
      return compiled;
    } catch (IOException e) {
      throw new RunFailed("because " + source + " could not be compiled: " + e.getMessage(), e);
    }
  }

  public Path folder() {
    return folder;
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + folder, e);
    }
  }
}
