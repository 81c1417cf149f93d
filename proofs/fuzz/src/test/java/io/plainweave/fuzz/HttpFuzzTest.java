package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Pieces;
import io.plainweave.fuzz.support.Sample;
import io.plainweave.fuzz.support.Splits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The sample Http: requests and their bodies")
@ExtendWith(Leftovers.class)
class HttpFuzzTest {
  private static final Pattern DATE = Pattern.compile("Date: [^\r]*");

  private static final String CHUNKED = "Transfer-Encoding: chunked\r\n";

  private static Path parent;
  private static Path root;

  @BeforeAll
  static void makeFolder() throws IOException {
    parent = Files.createTempDirectory("plainweave-fuzz-").toRealPath();
    root = Files.createDirectory(parent.resolve("root"));
    Files.writeString(parent.resolve("secret"), "not for you");
    Files.writeString(root.resolve("index.html"), "<p>hello");
    Files.writeString(Files.createDirectory(root.resolve("a")).resolve("b.txt"), "b");
  }

  @AfterAll
  static void removeFolder() throws IOException {
    for (String name :
        new String[] {"root/a/b.txt", "root/a", "root/index.html", "root", "secret", ""}) {
      Files.delete(parent.resolve(name));
    }
  }

  @FuzzTest
  void areReadAlikeInEverySplit(byte[] data) {
    var input = new Input(data);
    String text = new String(data, StandardCharsets.ISO_8859_1);
    if (text.contains("/events")) {
      return; // which has no end
    }
    Outcome outcome = Splits.alike(input, 1024 * 1024 + 1024L * input.size(), HttpFuzzTest::serve);
    String sent = String.join("", outcome.seen());
    Finding.unless(
        sent.isEmpty() || sent.startsWith("HTTP/1.1 "), "what is sent begins with no response");
    Finding.unless(!sent.contains("not for you"), "a file beyond the root is sent");
  }

  private static Outcome serve(Pieces pieces) {
    var server = new Sample("Http");
    server.set("root", root);
    Outcome outcome = server.serve(pieces, sent -> sent);
    return new Outcome(outcome.seen().stream().map(HttpFuzzTest::text).toList(), outcome.end());
  }

  private static String text(String hex) {
    String sent = new String(HexFormat.of().parseHex(hex), StandardCharsets.ISO_8859_1);
    return withoutChunks(DATE.matcher(sent).replaceAll("Date:"));
  }

  /** How an echo is cut into chunks depends on how its body has come. */
  private static String withoutChunks(String sent) {
    var joined = new StringBuilder();
    int at = 0;
    for (int begin; (begin = sent.indexOf(CHUNKED, at)) >= 0; ) {
      int body = sent.indexOf("\r\n\r\n", begin) + 4;
      joined.append(sent, at, body);
      at = body;
      for (int size = 1; size > 0 && at < sent.length(); ) {
        int line = sent.indexOf("\r\n", at);
        size = Integer.parseInt(sent, at, line, 16);
        joined.append(sent, line + 2, line + 2 + size);
        at = line + 2 + size + (size == 0 ? 0 : 2);
      }
    }
    return joined.append(sent.substring(at)).toString();
  }
}
