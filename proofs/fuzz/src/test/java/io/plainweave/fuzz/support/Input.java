package io.plainweave.fuzz.support;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What the fuzzer has made: the bytes that a peer sends, behind which come the choices of a target,
 * one byte each. So a file of the corpus is what is seen on the wire, with a few bytes at its end.
 * Where nothing is left, every choice is the first one.
 */
public final class Input {
  private final byte[] data;
  private int end;

  /** Makes one of which nothing is taken. */
  public Input(byte[] data) {
    this.data = data;
    this.end = data.length;
  }

  /** Takes a choice: a number from 0 to one less than the bound, of at most 256. */
  public int choice(int bound) {
    return end == 0 ? 0 : (data[--end] & 0xFF) % bound;
  }

  /** Takes a choice among values. */
  @SafeVarargs
  public final <T> T oneOf(T... values) {
    return values[choice(values.length)];
  }

  /** Takes a choice of two. */
  public boolean isChosen() {
    return choice(2) == 1;
  }

  /** The bytes that are left. */
  public byte[] bytes() {
    return Arrays.copyOf(data, end);
  }

  /** How many those are. */
  public int size() {
    return end;
  }

  /**
   * The splits under which bytes must be read alike: whole, each byte by itself, and as the fuzzer
   * has chosen, which takes a choice.
   */
  public List<Pieces> splits() {
    int seed = choice(256);
    byte[] bytes = bytes();
    var byChoice = new Random(seed);
    List<Integer> cuts = new ArrayList<>();
    for (int at = 0; at < bytes.length; ) {
      at += 1 + byChoice.nextInt(seed % 2 == 0 ? 7 : 200);
      cuts.add(at);
    }
    int[] all = new int[bytes.length];
    Arrays.setAll(all, i -> i + 1);
    return List.of(
        new Pieces(bytes, new int[0]),
        new Pieces(bytes, all),
        new Pieces(bytes, cuts.stream().mapToInt(i -> i).toArray()));
  }
}
