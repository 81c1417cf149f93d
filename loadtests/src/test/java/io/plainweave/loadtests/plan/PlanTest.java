package io.plainweave.loadtests.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import io.plainweave.loadtests.plan.Reconnection.BackOff;
import io.plainweave.loadtests.plan.Reconnection.Outcome;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

@DisplayName("A plan for many machines")
@Timeout(60)
final class PlanTest {
  private static final Path RESULTS = Path.of("results");

  /** A message a minute, 8 cores, 32 GB, half of both at most, a tenth of the machines spare. */
  private static Fleet fleet(long clients) {
    return new Fleet(clients, Duration.ofMinutes(1), false, 0, 8, 32L << 30, 1_000_000, 0.5, 0.1);
  }

  @ParameterizedTest
  @EnumSource
  void standsOnFiguresThatWereMeasured(Measured figure) throws Exception {
    String result = Files.readString(RESULTS.resolve(figure.result()));
    assertTrue(result.contains(figure.quote()), figure.quote());
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 1", // itself, and one that takes its place
    "1_000_000, 2, 1",
    "10_000_000, 12, 2",
    "1_000_000_000, 1_112, 112",
  })
  void hasRoomForAllWhileSomeAreAway(String clients, String machines, String away) {
    Fleet fleet = fleet(number(clients));
    assertEquals(number(machines), fleet.machines());
    assertEquals(number(away), fleet.away());
    assertTrue((fleet.machines() - fleet.away()) * fleet.most() >= fleet.clients());
  }

  private static long number(String text) {
    return Long.parseLong(text.replace("_", ""));
  }

  @Test
  void isBoundByWhatIsScarcest() {
    var little = new Fleet(1, Duration.ofMinutes(1), false, 0, 8, 1L << 30, 1_000_000, 0.5, 0);
    assertEquals("its memory", little.bound());
    assertEquals((long) ((1L << 29) / (1_622.0 + 3_882.0)), little.most());
    var busy = new Fleet(1, Duration.ofSeconds(1), false, 0, 8, 32L << 30, 1_000_000, 0.5, 0);
    assertEquals("its processors", busy.bound());
    assertEquals((long) (8e6 * 0.5 / 12.25), busy.most());
    assertEquals("what one machine is to hold", fleet(1).bound());
  }

  @Test
  void letsClientsInNoFasterThanTheProcessorsThatMessagesLeave() {
    Fleet fleet = fleet(10_000_000);
    double left = 8e6 * 0.5 - fleet.each() * 12.25 / 60;
    assertEquals(left / 36.02, fleet.acceptRate(), 1e-6);
    assertEquals(
        fleet.each() / (fleet.acceptRate() * (fleet.machines() - 1)),
        fleet.drainSpreadSeconds(1),
        1e-9);
  }

  @Test
  void letsAllComeBackAsFastAsTheMachineLetsThemIn() {
    Outcome outcome = Reconnection.simulate(10_000, 1_000, 10_000, new BackOff(0, 1, 60, true), 1);
    assertEquals(10, outcome.all(), 0.01);
    assertEquals(5, outcome.half(), 0.01);
    assertEquals(0, outcome.refused());
  }

  /** As measured: 10,000 of `loadtests/run storm` were back within 1.06 s, at 11,232 a second. */
  @Test
  void comesNearToTheStormThatWasMeasured() throws Exception {
    String result = Files.readString(RESULTS.resolve("2026-11-21-scenarios.txt"));
    assertTrue(result.contains("the last is back      1.06 s after the cut"));
    Outcome outcome = Reconnection.simulate(10_000, 11_232, 10_000, new BackOff(0, 1, 60, true), 1);
    assertEquals(1.06, outcome.all(), 0.2);
  }

  @Test
  void refusesNobodyWhoComesWithinTheTimeThatAllNeed() {
    Outcome spread = Reconnection.simulate(100_000, 10_000, 4_096, new BackOff(11, 1, 60, true), 1);
    assertEquals(0, spread.refused());
    Outcome atOnce = Reconnection.simulate(100_000, 10_000, 4_096, new BackOff(0, 1, 60, true), 1);
    assertTrue(atOnce.refused() > 100_000, atOnce::toString);
  }

  @Test
  void comesBackFarSoonerWithJitter() {
    Outcome with = Reconnection.simulate(5_000, 1_000, 400, new BackOff(0, 1, 60, true), 1);
    Outcome without = Reconnection.simulate(5_000, 1_000, 400, new BackOff(0, 1, 60, false), 1);
    assertTrue(without.most() > 5 * with.most(), with + " and " + without);
  }

  @Test
  void isTheSameForTheSameSeed() {
    var backOff = new BackOff(0, 1, 60, true);
    Outcome once = Reconnection.simulate(20_000, 5_000, 1_000, backOff, 7);
    assertEquals(once, Reconnection.simulate(20_000, 5_000, 1_000, backOff, 7));
  }

  @Test
  void isACommand() {
    var out = new StringWriter();
    assertEquals(0, run(out, "plan", "-n", "1000000000", "--message-every", "5m", "--tls"));
    String text = out.toString();
    assertTrue(
        text.startsWith("1,000,000,000 clients, a message every 5:00 min each, TLS\n"), text);
    assertTrue(text.contains("drainSpread"), text);
    assertTrue(text.contains("2026-11-21-guest-million.txt"), text);
  }

  @ParameterizedTest
  @CsvSource({
    "-n, 0, '-n is from 1 to 1,000,000,000: 0'",
    "-n, 1000000001, '-n is from 1 to 1,000,000,000: 1000000001'",
    "--load, 101, '--load is from 1 to 100: 101'",
    "--message-every, 0s, '--message-every must be longer than 0'",
  })
  void saysInOneSentenceWhatIsWrong(String option, String value, String sentence) {
    var err = new StringWriter();
    CommandLine command = Main.commandLine();
    command.setErr(new PrintWriter(err, true));
    assertEquals(2, command.execute("plan", option, value));
    assertEquals(sentence, err.toString().lines().findFirst().orElseThrow());
  }

  private static int run(StringWriter out, String... arguments) {
    CommandLine command = Main.commandLine();
    command.setOut(new PrintWriter(out, true));
    return command.execute(arguments);
  }
}
