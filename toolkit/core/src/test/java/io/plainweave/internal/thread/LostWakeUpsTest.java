package io.plainweave.internal.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.Runtime.Version;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The wake-ups of virtual threads are lost")
@Timeout(10)
class LostWakeUpsTest {
  @ParameterizedTest
  @CsvSource({
    "25+36, true",
    "25.0.1+8-LTS, true",
    "25.0.2+10, true",
    "25.0.3+9-LTS, false",
    "25.0.4, false",
    "26+35, true",
    "26-ea+30, true",
    "26.0.1, false",
    "27-ea+5, false",
    "28, false"
  })
  void afterTimedParksByJdksThatDoNotHaveTheCorrection(String jdk, boolean lost) {
    assertEquals(lost, LostWakeUps.afterTimedParks(Version.parse(jdk)));
  }

  @ParameterizedTest
  @CsvSource({
    "25+36, true",
    "25.0.2.0.1+10, true",
    "25.0.3+9-LTS, true",
    "25.0.4+7-LTS, false",
    "25.0.5, false",
    "26+35, true",
    "26.0.1, false",
    "27+20, false"
  })
  void atMonitorsByJdksThatDoNotHaveTheOther(String jdk, boolean lost) {
    assertEquals(lost, LostWakeUps.atMonitors(Version.parse(jdk)));
  }
}
