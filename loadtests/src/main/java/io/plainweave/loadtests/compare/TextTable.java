package io.plainweave.loadtests.compare;

import java.util.ArrayList;
import java.util.List;

/** A table for a terminal: the first column to the left, all others to the right. */
public final class TextTable {
  private final List<List<String>> rows = new ArrayList<>();

  /** A further row; one of two cells is a name and a sentence. */
  public void add(List<String> cells) {
    rows.add(cells);
  }

  @Override
  public String toString() {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        // A single cell beside the name is a sentence and may be as long as it likes.
        if (i == 0 || row.size() > 2) {
          widths[i] = Math.max(widths[i], row.get(i).length());
        }
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        String pad = " ".repeat(Math.max(0, widths[i] - row.get(i).length()));
        boolean isSentence = i == 1 && row.size() == 2;
        line.append(i == 0 ? "" : "  ");
        line.append(i == 0 || isSentence ? row.get(i) + (i == 0 ? pad : "") : pad + row.get(i));
      }
      text.append("  ").append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
