package io.plainweave.loadtests.soak;

/**
 * A straight line through points by least squares, and the interval in which its slope lies with 95
 * percent.
 *
 * <p>The interval is that of Student's distribution. Where each residual resembles the one before
 * it, as those of a slow wave do, there is less in the points than their number says: the interval
 * is made wider by the correlation of neighbours. A leak has a slope and no such residuals, so it
 * loses nothing by that.
 *
 * @param perStep the slope
 * @param low the lower end of the interval
 * @param high the upper end of the interval
 */
record Slope(double perStep, double low, double high) {
  /** Fewer points have no scatter that could be told. */
  static final int FEWEST = 4;

  private static final double NORMAL = 1.959963984540054;
  private static final double MOST_CORRELATION = 0.9;

  /** Fits a line; there have to be {@link #FEWEST} points at least. */
  static Slope through(double[] x, double[] y) {
    int n = x.length;
    if (n < FEWEST || y.length != n) {
      throw new IllegalArgumentException(n + " and " + y.length + " points");
    }
    double meanX = mean(x);
    double meanY = mean(y);
    double squares = 0;
    double products = 0;
    for (int i = 0; i < n; i++) {
      squares += (x[i] - meanX) * (x[i] - meanX);
      products += (x[i] - meanX) * (y[i] - meanY);
    }
    double slope = products / squares;
    double[] residuals = new double[n];
    double rest = 0;
    for (int i = 0; i < n; i++) {
      residuals[i] = y[i] - meanY - slope * (x[i] - meanX);
      rest += residuals[i] * residuals[i];
    }
    double neighbours = 0;
    for (int i = 1; i < n; i++) {
      neighbours += residuals[i] * residuals[i - 1];
    }
    double correlation = rest == 0 ? 0 : Math.clamp(neighbours / rest, 0, MOST_CORRELATION);
    double wider = Math.sqrt((1 + correlation) / (1 - correlation));
    double error = Math.sqrt(rest / (n - 2) / squares) * wider;
    double half = student(n - 2) * error;
    return new Slope(slope, slope - half, slope + half);
  }

  /** Whether the slope may be 0. */
  boolean mayBeZero() {
    return low <= 0 && high >= 0;
  }

  /** The quantile of 97.5 percent of Student's distribution, by its expansion; 0.3 % off at 3. */
  static double student(int degrees) {
    double z = NORMAL;
    double z2 = z * z;
    double first = (z2 + 1) * z / 4;
    double second = ((5 * z2 + 16) * z2 + 3) * z / 96;
    double third = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384;
    double fourth = ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) * z / 92160;
    double by = 1.0 / degrees;
    return z + by * (first + by * (second + by * (third + by * fourth)));
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
