package io.plainweave.server;

import io.plainweave.Preface;
import io.plainweave.ProxyProtocol;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.SourceAdmission;
import io.plainweave.internal.connection.PrefaceStep;
import io.plainweave.internal.connection.ProxyHeaderStep;
import io.plainweave.internal.connection.TlsStep;
import io.plainweave.tls.ServerTls;
import java.util.ArrayList;
import java.util.List;

/** What is to be done between accept and handler, for the description of a listener. */
final class PrefaceSteps {
  private PrefaceSteps() {}

  /** The steps, in their order. */
  static List<PrefaceStep> of(Preface preface, Admission admission) {
    List<PrefaceStep> steps = new ArrayList<>();
    ProxyProtocol proxyProtocol = preface.proxyProtocol();
    if (proxyProtocol != null) {
      steps.add(new ProxyHeaderStep(proxyProtocol));
      steps.add(new SourceAdmission(admission));
    }
    ServerTls tls = preface.tls();
    if (tls != null) {
      steps.add(new TlsStep(tls));
    }
    return steps;
  }
}
