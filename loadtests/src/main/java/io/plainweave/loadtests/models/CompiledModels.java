package io.plainweave.loadtests.models;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The classes of the models, in a folder that is removed at the end.
 *
 * <p>{@code java X.java} compiles at each start, which would be what a process for each connection
 * spends its time on.
 */
final class CompiledModels implements AutoCloseable {
  /** Says whose the folder is. */
  static final String PREFIX = "models-" + ProcessHandle.current().pid() + "-";

  private final Path folder;

  private CompiledModels(Path folder) {
    this.folder = folder;
  }

  /**
   * Compiles them.
   *
   * @param sources the folder of the programs
   * @throws RunFailed if one is not there, or does not compile
   */
  static CompiledModels compile(Path sources, Collection<Model> models) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new RunFailed("because there is no compiler in " + System.getProperty("java.home"));
    }
    CompiledModels compiled = new CompiledModels(Files.createTempDirectory(PREFIX));
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      // One after the other: each is a program of its own, with its own imports.
      for (Model model : models) {
        Path source = sources.resolve(model.program() + ".java");
        if (!Files.isReadable(source)) {
          throw new RunFailed("because there is no " + source);
        }
        StringWriter said = new StringWriter();
        List<String> options =
            List.of("-d", compiled.folder.toString(), "-cp", System.getProperty("java.class.path"));
        if (!compiler
            .getTask(said, files, null, options, null, files.getJavaFileObjects(source))
            .call()) {
          throw new RunFailed("because " + source + " does not compile:\n" + said);
        }
      }
      return compiled;
    } catch (IOException | RuntimeException e) {
      compiled.close();
      throw e;
    }
  }

  /** For other files of a run, which are removed with it. */
  Path folder() {
    return folder;
  }

  /** The class path of a model. */
  String classPath(Model model) {
    return model == Model.PLAINWEAVE
        ? folder + ":" + System.getProperty("java.class.path")
        : folder.toString();
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
