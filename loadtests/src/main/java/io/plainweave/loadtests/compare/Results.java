package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.report.Environment;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a comparison found.
 *
 * @param peak the rate that open loops refer to; 0 if there are none
 * @param works the figures over all rounds
 * @param samples the figures of every round
 */
record Results(
    Environment environment, Plan plan, double peak, List<OfWork> works, List<Sample> samples) {
  /** Cores that others keep busy, from which on a figure is said to be rough. */
  static final double NOISE = 0.1;

  /** The rows of a work. */
  record OfWork(String work, List<Row> rows) {}

  static Results of(Plan plan, Environment environment, double peak, List<Sample> samples) {
    int cores = plan.pinned() ? 1 : 2;
    List<OfWork> works = new ArrayList<>();
    for (Work work : plan.works()) {
      works.add(
          new OfWork(
              work.name(),
              plan.servers().stream().map(it -> Row.of(work, it, samples, cores)).toList()));
    }
    return new Results(environment, plan, peak, works, samples);
  }

  List<Tables.Table> tables() {
    List<Tables.Table> tables = new ArrayList<>();
    for (int i = 0; i < works.size(); i++) {
      tables.add(Tables.of(plan.works().get(i), works.get(i).rows(), plan.base()));
    }
    return tables;
  }

  /** What has to be known to read the tables, a sentence each. */
  List<String> notes() {
    List<String> notes = new ArrayList<>();
    notes.add(
        String.format(
            Locale.ROOT,
            "Medians of %d rounds of %s s; ratios to %s; %s.",
            plan.rounds(),
            Double.toString(plan.seconds()),
            plan.base(),
            plan.pinned()
                ? "server on core 0, client on core 1"
                : "two carriers or event loops a server, nothing pinned"));
    if (plan.protocol() == Protocol.TLS) {
      notes.add(
          "Over TLS 1.3 with TLS_AES_128_GCM_SHA256, X25519 and a certificate of ECDSA on P-256;"
              + " every handshake is a full one.");
    }
    if (plan.protocol() == Protocol.HTTP) {
      notes.add(
          "GET "
              + HttpMessages.TARGET
              + " over HTTP/1.1, answered by 200 with Date, Content-Type, Content-Length and the "
              + HttpMessages.BODY.length()
              + " bytes of the body; every answer is compared whole.");
    }
    if (peak > 0) {
      notes.add(
          String.format(
              Locale.ROOT, "Peak of %s for open loops: %,.0f messages/s.", plan.base(), peak));
    }
    long loaded = samples.stream().filter(it -> it.load() != null).count();
    long noisy =
        samples.stream().filter(it -> it.load() != null && it.load().otherCores() > NOISE).count();
    if (noisy > 0) {
      notes.add(
          String.format(
              Locale.ROOT,
              "In %d of %d measurements other processes kept over %.1f of a core busy: rough.",
              noisy,
              loaded,
              NOISE));
    }
    return notes;
  }

  void print(PrintWriter out) {
    for (Tables.Table table : tables()) {
      out.println(table.work().name() + ": " + table.work().description());
      TextTable text = new TextTable();
      text.add(table.head());
      table.rows().forEach(text::add);
      out.println(text);
    }
    notes().forEach(out::println);
    out.println(environment.machine() + ", " + environment.kernel() + ", " + environment.jdk());
    out.flush();
  }
}
