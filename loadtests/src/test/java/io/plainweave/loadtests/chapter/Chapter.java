package io.plainweave.loadtests.chapter;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text with commands and what they print, in blocks that begin with {@code ```console}: a line
 * that begins with a dollar sign is a command, one that begins with an angle bracket goes on with
 * it, and the others are its output.
 */
final class Chapter {
  /** How far the output of a command is the same each time, by the word after {@code console}. */
  enum Stability {
    /** All of it, but for process ids and the ports that the kernel chooses. */
    STABLE(""),
    /** All but its numbers. */
    VARIES("varies"),
    /** It takes minutes, and is kept among the results. */
    KEPT("kept");

    private final String word;

    Stability(String word) {
      this.word = word;
    }

    static Stability of(String word) {
      for (Stability stability : values()) {
        if (stability.word.equals(word)) {
          return stability;
        }
      }
      throw new IllegalArgumentException("a console block is called '" + word + "'");
    }
  }

  /** A command and the lines that it prints. */
  record Step(String command, List<String> output, Stability stability) {
    @Override
    public String toString() {
      return "$ " + command;
    }
  }

  private static final Pattern BLOCK =
      Pattern.compile("^```console ?(\\w*)\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  private final String text;

  Chapter(String text) {
    this.text = text;
  }

  List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    Matcher block = BLOCK.matcher(text);
    while (block.find()) {
      steps.addAll(steps(Stability.of(block.group(1)), block.group(2)));
    }
    return steps;
  }

  private static List<Step> steps(Stability stability, String block) {
    List<Step> steps = new ArrayList<>();
    List<String> lines = block.lines().toList();
    for (int i = 0; i < lines.size(); ) {
      if (!lines.get(i).startsWith("$ ")) {
        throw new IllegalArgumentException("output without a command: " + lines.get(i));
      }
      StringBuilder command = new StringBuilder(lines.get(i++).substring(2));
      while (i < lines.size() && lines.get(i).startsWith("> ")) {
        command.append('\n').append(lines.get(i++).substring(2));
      }
      List<String> output = new ArrayList<>();
      while (i < lines.size() && !lines.get(i).startsWith("$ ")) {
        output.add(lines.get(i++));
      }
      steps.add(new Step(command.toString(), output, stability));
    }
    return steps;
  }

  /** The same text with these steps, in their order, in the place of its own. */
  String with(List<Step> printed) {
    Iterator<Step> next = printed.iterator();
    return BLOCK
        .matcher(text)
        .replaceAll(block -> {
          StringBuilder lines = new StringBuilder(block.group().lines().findFirst().orElseThrow());
          for (Step _ : steps(Stability.STABLE, block.group(2))) {
            Step step = next.next();
            lines.append("\n$ ").append(step.command().replace("\n", "\n> "));
            step.output().forEach(line -> lines.append('\n').append(line));
          }
          return Matcher.quoteReplacement(lines + "\n```");
        });
  }
}
