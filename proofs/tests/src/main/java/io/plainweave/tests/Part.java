package io.plainweave.tests;

import java.util.List;

/**
 * A part of the toolkit that is changed, and the tests that have to notice it: the fast ones, since
 * each change is tried with all that reach it.
 */
enum Part {
  FRAMING(
      List.of("io.plainweave.framing.*"),
      List.of("io.plainweave.framing.*Test"),
      List.of("io.plainweave.framing.SmallHeap*")),

  /** Rules, rates and memory: what admission is decided by, and needs no server. */
  RULES(
      List.of(
          "io.plainweave.admission.*",
          "io.plainweave.internal.admission.MemoryWatch*",
          "io.plainweave.internal.admission.NetworkSet",
          "io.plainweave.internal.admission.TokenBucket"),
      List.of(
          "io.plainweave.ByteRateTest",
          "io.plainweave.admission.*Test",
          "io.plainweave.internal.admission.AdmissionRulesTest",
          "io.plainweave.internal.admission.MemoryWatchTest"),
      List.of()),

  ADMISSION(
      List.of(
          "io.plainweave.internal.admission.AccessList",
          "io.plainweave.internal.admission.Admission",
          "io.plainweave.internal.admission.Admission$*",
          "io.plainweave.internal.admission.AdmissionAlarms",
          "io.plainweave.internal.admission.ListenerLimit",
          "io.plainweave.internal.admission.Refusals*",
          "io.plainweave.internal.admission.Source*"),
      List.of(
          "io.plainweave.internal.admission.AdmissionTest",
          "io.plainweave.internal.admission.AdmissionRulesTest",
          "io.plainweave.internal.admission.ConnectionLimitTest"),
      List.of()),

  LIMITS(
      List.of(
          "io.plainweave.internal.connection.TimeCheck*",
          "io.plainweave.internal.connection.MessageState*",
          "io.plainweave.internal.connection.SendState",
          "io.plainweave.internal.connection.TimeRounds"),
      List.of(
          "io.plainweave.internal.connection.DeadlineInMessageTest",
          "io.plainweave.internal.connection.MessageLimitsTest",
          "io.plainweave.internal.connection.MessageStateTest",
          "io.plainweave.internal.connection.OwnLimitsTest",
          "io.plainweave.internal.connection.PeekLimitsTest",
          "io.plainweave.internal.connection.SilenceTest",
          "io.plainweave.internal.connection.TimeLimitsTest",
          "io.plainweave.internal.connection.WaitingLimitsTest"),
      List.of()),

  DRAIN(
      List.of(
          "io.plainweave.server.Drain",
          "io.plainweave.server.Drain$*",
          "io.plainweave.server.Lifecycle"),
      List.of(
          "io.plainweave.server.Drain*Test",
          "io.plainweave.server.NewConnectionDrainTest",
          "io.plainweave.server.CancellationTest"),
      List.of());

  final List<String> classes;
  final List<String> tests;
  final List<String> notTests;

  Part(List<String> classes, List<String> tests, List<String> notTests) {
    this.classes = classes;
    this.tests = tests;
    this.notTests = notTests;
  }

  String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
