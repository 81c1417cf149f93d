package io.plainweave.loadtests.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.awt.AWTError;
import java.awt.Desktop;
import java.awt.Desktop.Action;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The files of a report.
 *
 * <p>{@code report.json} is the whole report, {@code latencies.hlog} its histograms in the log
 * format of HdrHistogram's own programs.
 *
 * <h2>Failures</h2>
 *
 * A file appears whole or not at all. The message of every {@link IOException} is a sentence with
 * the path and the reason.
 */
public final class ReportFiles {
  private static final String JSON = "report.json";
  private static final String PAGE = "report.html";
  private static final JsonMapper MAPPER =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private ReportFiles() {}

  /** Writes the report into a folder, which is created if it is not there. */
  public static void write(Path folder, RunReport report) throws IOException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IOException("cannot create the folder " + folder + ": " + reason(e), e);
    }
    // The page comes last: it is the largest, and on a full disk the figures matter most.
    replace(folder.resolve(JSON), MAPPER.writeValueAsBytes(report));
    replace(folder.resolve("latencies.hlog"), LatencyLog.of(report));
    replace(folder.resolve(PAGE), Page.of(report).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads a report back.
   *
   * @param path a {@code report.json}, or the folder that it is in
   */
  public static RunReport read(Path path) throws IOException {
    Path file = Files.isDirectory(path) ? path.resolve(JSON) : path;
    try {
      return MAPPER.readValue(Files.readAllBytes(file), RunReport.class);
    } catch (JsonProcessingException e) {
      throw new IOException(file + " is not a report: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new IOException("cannot read " + file + ": " + reason(e), e);
    }
  }

  /**
   * Shows the page in the desktop's browser, if there is a desktop.
   *
   * @param folder that the report was written into
   * @return what was done, or what to do, in a sentence
   */
  public static String open(Path folder) {
    URI page = folder.resolve(PAGE).toUri();
    String byHand = "no desktop to open the page on: " + page;
    try {
      if (!Desktop.isDesktopSupported() || !Desktop.getDesktop().isSupported(Action.BROWSE)) {
        return byHand;
      }
      Desktop.getDesktop().browse(page);
      return "opened " + page;
    } catch (IOException e) {
      return "the desktop could not open " + page + ": " + e.getMessage();
    } catch (AWTError | LinkageError e) {
      return byHand; // a display that does not answer, or a JDK without what it takes
    }
  }

  private static void replace(Path file, byte[] content) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.write(part, content);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(part);
      } catch (IOException also) {
        e.addSuppressed(also);
      }
      throw new IOException("cannot write " + file + ": " + reason(e), e);
    }
  }

  /** What went wrong, without the path, which the message of some exceptions is. */
  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> "permission denied";
      case NoSuchFileException missing -> "no such file";
      case FileSystemException failed when failed.getReason() != null -> failed.getReason();
      case FileSystemException failed -> "in the way of it is " + failed.getFile();
      default -> e.getMessage();
    };
  }
}
