package io.plainweave.internal.handshake;

import io.plainweave.CloseReason;
import io.plainweave.admission.Refusal;
import io.plainweave.internal.admission.Admission;
import io.plainweave.internal.admission.ListenerLimit;
import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.internal.connection.SocketConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;

/**
 * Admits a connection by its source where the step before has told who the client is: behind a
 * proxy, the address of the socket says nothing about it.
 */
public record SourceAdmission(Admission admission, ListenerLimit listener)
    implements HandshakeStep {
  @Override
  public boolean run(SocketConnection connection) throws IOException {
    Refusal refusal = admission.admitSource(connection, listener);
    if (refusal == null) {
      return true;
    }
    connection.home().refused(connection, refusal);
    var reason = new CloseReason.Refused(refusal);
    ByteBuffer goodbye = admission.rules().goodbye();
    if (goodbye.hasRemaining()) {
      Channels.newChannel(connection.output()).write(goodbye);
      connection.endWith(reason);
    } else {
      connection.abort(reason);
    }
    return false;
  }

  @Override
  public boolean admitsSource() {
    return true;
  }

  @Override
  public boolean needsTurn() {
    return false;
  }
}
