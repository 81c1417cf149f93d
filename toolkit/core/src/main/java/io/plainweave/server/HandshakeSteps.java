package io.plainweave.server;

import io.plainweave.Listen;
import io.plainweave.ProxyProtocol;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.SourceAdmission;
import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.internal.connection.ProxyHeaderStep;
import io.plainweave.internal.connection.TlsStep;
import io.plainweave.tls.ServerTls;
import java.util.ArrayList;
import java.util.List;

/** What is to be done between accept and handler, by the description of a listener. */
final class HandshakeSteps {
  private HandshakeSteps() {}

  /** The steps, in their order. */
  static List<HandshakeStep> of(Listen listen, Admission admission) {
    List<HandshakeStep> steps = new ArrayList<>();
    ProxyProtocol proxyProtocol = listen.proxyProtocol();
    if (proxyProtocol != null) {
      steps.add(new ProxyHeaderStep(proxyProtocol));
      steps.add(new SourceAdmission(admission));
    }
    ServerTls tls = listen.tls();
    if (tls != null) {
      steps.add(new TlsStep(tls));
    }
    return steps;
  }
}
