package io.plainweave.tests;

import java.nio.file.Path;
import java.util.List;

/**
 * Where the tests run: a machine, or a JVM, that lacks something or has something else.
 *
 * @param name one word, for the command line
 * @param standsFor what is learned from it, in a few words
 * @param before the command that makes it, which the command of the JVM is added to; empty if the
 *     JVM is enough
 * @param java the program of the JVM, or the name of an image ({@link Images})
 * @param options of the JVM
 * @param tests which of the tests of toolkit/core
 * @param needs what the machine has to have for it
 */
record Environment(
    String name,
    String standsFor,
    List<String> before,
    Runtime java,
    List<String> options,
    Tests tests,
    Need... needs) {
  /** What is run in it. */
  enum Tests {
    /** All that depend on the system at all. */
    ALL,

    /** Memory, threads and connections: what a collector or a compiler can make a difference to. */
    MACHINE,

    /** A program instead of tests: {@link EchoEverywhere}. */
    ECHO
  }

  /** What starts it. */
  enum Runtime {
    JDK,

    /** Without jdk.unsupported, jdk.management and jdk.net. */
    IMAGE_WITHOUT_JDK_MODULES,

    /** With what the module of the toolkit requires, and nothing else. */
    IMAGE_OF_THE_TOOLKIT,

    /** With java.base and java.management alone. */
    SMALLEST_IMAGE
  }

  /** What not each machine has. */
  enum Need {
    ROOT,
    UNSHARE,
    TASKSET,
    SETPRIV,
    COLLECTOR
  }

  private static final String WRITABLE = "WRITABLE";

  private static Environment jvm(String name, String standsFor, Tests tests, String... options) {
    return new Environment(name, standsFor, List.of(), Runtime.JDK, List.of(options), tests);
  }

  private static Environment collector(String name, String option) {
    return new Environment(
        name,
        "another collector",
        List.of(),
        Runtime.JDK,
        List.of(option),
        Tests.MACHINE,
        Need.COLLECTOR);
  }

  private static Environment image(String name, String standsFor, Runtime java, Tests tests) {
    return new Environment(name, standsFor, List.of(), java, List.of(), tests);
  }

  private static Environment shell(
      String name, String standsFor, List<String> unshare, String script) {
    List<String> before = new java.util.ArrayList<>(List.of("unshare"));
    before.addAll(unshare);
    before.addAll(List.of("sh", "-c", script + " && exec \"$@\"", "sh"));
    return new Environment(
        name, standsFor, before, Runtime.JDK, List.of(), Tests.ALL, Need.ROOT, Need.UNSHARE);
  }

  /** All of them, the one to which the others are compared first. */
  static List<Environment> all() {
    return List.of(
        jvm("plain", "what the others are compared with", Tests.ALL),
        shell(
            "no-proc",
            "macOS, Windows, and containers that hide it",
            List.of("-m"),
            // The JVM finds its own libraries by /proc/self/exe.
            "mount -t tmpfs -o ro,size=4k none /proc && export LD_LIBRARY_PATH=${1%/bin/java}/lib"),
        image(
            "no-jdk-modules",
            "an image without jdk.unsupported, jdk.management and jdk.net, and so without the"
                + " socket options of Linux",
            Runtime.IMAGE_WITHOUT_JDK_MODULES,
            Tests.ALL),
        shell(
            "no-ipv6",
            "a machine on which IPv6 is switched off",
            List.of("-n"),
            "ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"),
        jvm(
            "ipv4-stack",
            "a JVM that is told to use IPv4 alone",
            Tests.ALL,
            "-Djava.net.preferIPv4Stack=true"),
        jvm(
            "poll",
            "selectors other than epoll",
            Tests.ALL,
            "-Djava.nio.channels.spi.SelectorProvider=sun.nio.ch.PollSelectorProvider"),
        shell(
            "read-only",
            "a container whose file system is read-only, but for the folder of temporary files",
            List.of("-m"),
            "mount --bind "
                + WRITABLE
                + " "
                + WRITABLE
                + " && mount -o remount,bind,ro / && for at in $(sed -n"
                + " 's/^[^ ]* [^ ]* [^ ]* [^ ]* \\(\\/[^ ]*\\) .*/\\1/p' /proc/self/mountinfo);"
                + " do case $at in "
                + WRITABLE
                + " | /proc* | /sys* | /dev*) ;;"
                + " *) mount -o remount,bind,ro \"$at\" ;; esac; done"),
        new Environment(
            "nobody",
            "a user without rights",
            List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
            Runtime.JDK,
            List.of("-Duser.home=" + WRITABLE),
            Tests.ALL,
            Need.ROOT,
            Need.SETPRIV),
        new Environment(
            "one-processor",
            "a small machine: one carrier, one event loop",
            List.of("taskset", "-c", "0"),
            Runtime.JDK,
            List.of(),
            Tests.ALL,
            Need.TASKSET),
        jvm(
            "interpreter",
            "a JVM that compiles nothing, and slow machines",
            Tests.MACHINE,
            "-Xint"),
        collector("serial", "-XX:+UseSerialGC"),
        collector("parallel", "-XX:+UseParallelGC"),
        collector("g1", "-XX:+UseG1GC"),
        collector("zgc", "-XX:+UseZGC"),
        collector("shenandoah", "-XX:+UseShenandoahGC"),
        image(
            "image",
            "an image with what the module of the toolkit requires, and nothing else",
            Runtime.IMAGE_OF_THE_TOOLKIT,
            Tests.ECHO),
        image(
            "smallest-image",
            "an image with java.base and java.management alone",
            Runtime.SMALLEST_IMAGE,
            Tests.ECHO));
  }

  /** With a folder that it may write to. */
  Environment writing(Path folder) {
    return new Environment(
        name,
        standsFor,
        before.stream().map(word -> word.replace(WRITABLE, folder.toString())).toList(),
        java,
        options.stream().map(word -> word.replace(WRITABLE, folder.toString())).toList(),
        tests,
        needs);
  }

  /** Unless it is about another. */
  boolean hasCollectorAndCompilerOfTheBuild() {
    return options.stream().noneMatch(option -> option.startsWith("-X"));
  }

  boolean isAsNobody() {
    return name.equals("nobody");
  }

  /** Whether it is so slow that the time limits of the tests say nothing. */
  boolean isSlow() {
    return options.contains("-Xint");
  }
}
