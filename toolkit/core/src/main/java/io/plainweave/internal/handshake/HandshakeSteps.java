package io.plainweave.internal.handshake;

import io.plainweave.Listen;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.ListenerLimit;
import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.internal.connection.TlsUpgrade;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.tls.ServerTls;
import java.util.ArrayList;
import java.util.List;

/** What is to be done between accept and handler, by the description of a listener. */
public final class HandshakeSteps {
  private HandshakeSteps() {}

  /** The steps, in their order. */
  public static List<HandshakeStep> of(Listen listen, Admission admission, ListenerLimit limit) {
    List<HandshakeStep> steps = new ArrayList<>();
    ProxyProtocol proxyProtocol = listen.proxyProtocol();
    if (proxyProtocol != null) {
      steps.add(new ProxyHeaderStep(proxyProtocol));
      steps.add(new SourceAdmission(admission, limit));
    }
    ServerTls tls = listen.tls();
    if (tls != null) {
      steps.add(new TlsUpgrade.Step(tls));
    }
    return steps;
  }
}
