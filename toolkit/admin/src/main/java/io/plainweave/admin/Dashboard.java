package io.plainweave.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * The page for people: one file, with all that it needs within it. Its policy names the scripts and
 * styles by their digests, so that nothing else runs in it, whatever may get into the page.
 *
 * @param page the file
 * @param policy its Content-Security-Policy
 */
record Dashboard(String page, String policy) {
  static final String TYPE = "text/html; charset=utf-8";

  static Dashboard load() {
    String style = resource("uplot/uPlot.min.css") + resource("dashboard.css");
    String script = resource("uplot/uPlot.iife.min.js") + resource("dashboard.js");
    String page =
        resource("dashboard.html")
            .replace("{{licence}}", resource("uplot/LICENSE").strip())
            .replace("{{style}}", style)
            .replace("{{script}}", script);
    String policy =
        "default-src 'none'; connect-src 'self'; img-src data:; script-src '%s'; style-src '%s'; "
                .formatted(digest(script), digest(style))
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    return new Dashboard(page, policy);
  }

  private static String digest(String content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each JVM has it", e);
    }
  }

  private static String resource(String name) {
    try (InputStream in = Dashboard.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not on the class path");
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }
}
