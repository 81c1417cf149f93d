package io.plainweave.loadtests.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A straight line through samples")
final class SlopeTest {
  private static final double[] X = IntStream.range(0, 50).asDoubleStream().toArray();

  private static double[] y(double slope, double noise, long seed) {
    var random = new Random(seed);
    return IntStream.range(0, X.length)
        .mapToDouble(i -> 1_000 + slope * X[i] + noise * random.nextGaussian())
        .toArray();
  }

  @Test
  void hasTheSlopeOfPointsThatLieOnIt() {
    Slope slope = Slope.through(X, y(2.5, 0, 1));

    assertEquals(2.5, slope.perStep(), 1e-9);
    assertEquals(2.5, slope.low(), 1e-6);
    assertFalse(slope.mayBeZero());
  }

  @Test
  void mayBeLevelWhereNothingChanges() {
    Slope slope = Slope.through(X, y(0, 0, 1));

    assertEquals(0, slope.low());
    assertEquals(0, slope.high());
    assertTrue(slope.mayBeZero());
  }

  /** NIST's Norris: a fit whose slope and its deviation are certified. */
  @Test
  void hasTheIntervalThatOthersCertify() {
    double[] x = {
      0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6, 775.5,
      666.9, 338.0, 447.5, 11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, 339.1, 887.2,
      999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5
    };
    double[] y = {
      0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, 778.1,
      668.8, 339.3, 448.9, 10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6, 339.3, 888.0,
      998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2
    };

    Slope slope = Slope.through(x, y);

    assertEquals(1.00211681802045, slope.perStep(), 1e-12);
    double deviation = 0.429796848199937e-3;
    double half = (slope.high() - slope.low()) / 2;
    // Neighbours that resemble each other make it wider, never narrower.
    assertTrue(half >= 2.0322 * deviation * 0.9999, () -> "half of it is " + half);
    assertTrue(half < 2.0322 * deviation * 1.5, () -> "half of it is " + half);
  }

  @Test
  void isTakenForOneThatRisesInNoiseNoMoreOftenThanItsIntervalSays() {
    long wrong =
        IntStream.range(0, 1_000)
            .filter(seed -> Slope.through(X, y(0, 10, seed)).low() > 0)
            .count();

    // A fortieth lies above, of which neighbours by chance take some away.
    assertTrue(wrong <= 40, () -> wrong + " of 1000");
  }

  @Test
  void isTakenForOneThatRisesWhereALeakIsLargerThanTheNoise() {
    long found =
        IntStream.range(0, 1_000)
            .filter(seed -> Slope.through(X, y(1, 10, seed)).low() > 0)
            .count();

    assertTrue(found >= 990, () -> found + " of 1000");
  }

  @ParameterizedTest
  @CsvSource({"2, 4.303", "3, 3.182", "4, 2.776", "10, 2.228", "30, 2.042", "100, 1.984"})
  void knowsStudentsDistribution(int degrees, double expected) {
    assertEquals(expected, Slope.student(degrees), expected * 0.025);
  }

  @Test
  void needsFourPoints() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Slope.through(new double[] {1, 2, 3}, new double[] {1, 2, 3}));
  }
}
