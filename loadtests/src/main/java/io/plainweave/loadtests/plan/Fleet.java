package io.plainweave.loadtests.plan;

import java.time.Duration;

/**
 * What is asked of the machines, and what one of them is.
 *
 * @param clients how many are connected at the same time
 * @param messageEvery how often each sends a message that is answered
 * @param tls whether they speak TLS
 * @param state what the program itself keeps for each, in bytes
 * @param cores of one machine
 * @param memory of one machine, in bytes
 * @param perMachine the most connections that one machine is to hold
 * @param load the part of its processors and of its memory that is to be used at most
 * @param spare the part of the machines that may be away at the same moment, for a restart or a
 *     failure, while the others still keep to that load
 */
record Fleet(
    long clients,
    Duration messageEvery,
    boolean tls,
    long state,
    int cores,
    long memory,
    long perMachine,
    double load,
    double spare) {
  private static final double MICROS = 1e6;

  /** How many connections the memory of one machine is for. */
  long byMemory() {
    return (long) (memory * load / bytesOfConnection());
  }

  /** How many connections its processors are for, at this rate of messages. */
  long byProcessors() {
    double microsASecond = Measured.MESSAGE_MICROS.value() / seconds(messageEvery);
    return (long) (cores * MICROS * load / microsASecond);
  }

  double bytesOfConnection() {
    return Measured.RESIDENT_BYTES.value() + Measured.KERNEL_BYTES.value() + state;
  }

  /** How many connections one machine holds at most. */
  long most() {
    return Math.max(1, Math.min(perMachine, Math.min(byMemory(), byProcessors())));
  }

  /** What it is that allows no more. */
  String bound() {
    long most = most();
    if (most == perMachine) {
      return "what one machine is to hold";
    }
    return most == byMemory() ? "its memory" : "its processors";
  }

  /** How many machines, with those that may be away. */
  long machines() {
    long needed = Math.ceilDiv(clients, most());
    return Math.max(needed + (spare > 0 ? 1 : 0), (long) Math.ceil(needed / (1 - spare)));
  }

  /** How many of them may be away at the same moment. */
  long away() {
    return machines() - Math.ceilDiv(clients, most());
  }

  /** How many connections each has while none is away. */
  long each() {
    return Math.ceilDiv(clients, machines());
  }

  double messagesASecond() {
    return clients / seconds(messageEvery);
  }

  /** How many clients one machine lets in each second, with what the messages leave of the load. */
  double acceptRate() {
    double busy = each() * Measured.MESSAGE_MICROS.value() / seconds(messageEvery);
    double micros = (tls ? Measured.TLS_CONNECT_MICROS : Measured.CONNECT_MICROS).value();
    return Math.max(1, (cores * MICROS * load - busy) / micros);
  }

  /**
   * Over how long a machine has to spread its drain, so that its clients come to the others no
   * faster than those let them in.
   *
   * @param together how many machines drain at the same moment
   */
  double drainSpreadSeconds(long together) {
    return together * each() / (acceptRate() * Math.max(1, machines() - together));
  }

  static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
