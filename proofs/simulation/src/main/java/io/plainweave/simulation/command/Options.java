package io.plainweave.simulation.command;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.OptionalLong;

/**
 * What the command is asked for.
 *
 * @param seeds how many seeds; 0 for as many as there is time for
 * @param from the first one
 * @param only the one that is repeated, if one is
 * @param time for how long; zero without a limit
 * @param defects whether the defects that are put back are to be found
 * @param help whether only the usage is asked for
 */
record Options(
    long seeds, long from, OptionalLong only, Duration time, boolean defects, boolean help) {
  static final String USAGE =
      """
      usage: proofs/run simulation [--seeds N] [--from S] [--for DURATION]
             proofs/run simulation --seed S
             proofs/run simulation --defects [--seeds N]

      Runs servers and clients on a machine whose turns, network and time go by a seed.

        --seeds N       so many seeds, 1000 unless --for is given
        --from S        beginning with this one, 1 by default
        --for DURATION  seeds for so long: 90s, 20m, 2h
        --seed S        repeats one, and shows what happens in it
        --defects       puts defects of the past back, and counts the seeds until each is found
                        (at most --seeds, 5000 by default)

      It ends with 0 if all is well, 1 if a seed has found something, 2 after a wrong option, 3 if a
      defect that was put back is not found, 4 if the simulation itself is at fault.
      """;

  static Options parse(String[] args) {
    long seeds = 0;
    long from = 1;
    OptionalLong only = OptionalLong.empty();
    Duration time = Duration.ZERO;
    boolean defects = false;
    boolean help = false;
    for (Iterator<String> each = Arrays.asList(args).iterator(); each.hasNext(); ) {
      String option = each.next();
      switch (option) {
        case "--seeds" -> seeds = number(option, each);
        case "--from" -> from = number(option, each);
        case "--seed" -> only = OptionalLong.of(number(option, each));
        case "--for" -> time = duration(value(option, each));
        case "--defects" -> defects = true;
        case "--help", "-h" -> help = true;
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
    if (seeds == 0 && time.isZero()) {
      seeds = defects ? 5_000 : 1_000;
    }
    return new Options(seeds, from, only, time, defects, help);
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.next();
  }

  private static long number(String option, Iterator<String> rest) {
    String value = value(option, rest);
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(option + " needs a number: " + value, e);
    }
  }

  private static Duration duration(String text) {
    try {
      return Duration.parse("PT" + text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("no duration such as 90s, 20m or 2h: " + text, e);
    }
  }
}
