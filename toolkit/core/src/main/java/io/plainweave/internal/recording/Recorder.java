package io.plainweave.internal.recording;

import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Records the events of one server. Until somebody begins to record in this JVM, that is a look at
 * one field, and none of the classes with the events is loaded; afterwards, what is not recorded
 * costs a look at its switch.
 */
final class Recorder implements ServerObserver {
  /** The drain, from its beginning to its end, if that is recorded. */
  private volatile RecordedServer.@Nullable DrainEnded drain;

  @Override
  public void onEvent(ServerEvent event) {
    if (FlightRecorder.isInitialized()) {
      record(event);
    }
  }

  private void record(ServerEvent event) {
    switch (event) {
      case ServerEvent.ConnectionOpened e -> RecordedConnections.opened(e);
      case ServerEvent.ConnectionClosed e -> RecordedConnections.closed(e);
      case ServerEvent.HandshakeBegan e -> RecordedConnections.handshakeBegan(e);
      case ServerEvent.HandshakeEnded e -> RecordedConnections.handshakeEnded(e);
      case ServerEvent.WriteStallBegan e -> RecordedConnections.stallBegan(e);
      case ServerEvent.WriteStallEnded e -> RecordedConnections.stallEnded(e);
      case ServerEvent.Listening e -> RecordedListeners.listening(e);
      case ServerEvent.AcceptFailed e -> RecordedListeners.acceptFailed(e);
      case ServerEvent.ListenerLost e -> RecordedListeners.lost(e);
      case ServerEvent.ListenerRestored e -> RecordedListeners.restored(e);
      case ServerEvent.ListenerFailed e -> RecordedListeners.failed(e);
      case ServerEvent.BacklogFull e -> RecordedListeners.backlogFull(e);
      case ServerEvent.ConnectionsRefused e -> RecordedAdmission.refused(e);
      case ServerEvent.ManyConnections e -> RecordedAdmission.many(e);
      case ServerEvent.ConnectionsLimited e -> RecordedAdmission.limited(e);
      case ServerEvent.MemoryShort e -> RecordedAdmission.memoryShort(e);
      case ServerEvent.DirectMemoryShort e -> RecordedAdmission.directMemoryShort(e);
      case ServerEvent.SessionOpened e -> RecordedDatagrams.opened(e);
      case ServerEvent.SessionClosed e -> RecordedDatagrams.closed(e);
      case ServerEvent.DatagramFailed e -> RecordedDatagrams.failed(e);
      case ServerEvent.DatagramsDropped e -> RecordedDatagrams.dropped(e);
      case ServerEvent.BackgroundFailed e -> RecordedServer.backgroundFailed(e);
      case ServerEvent.CarriersBusy e -> RecordedServer.carriersBusy(e);
      case ServerEvent.DrainBegan e -> drain = RecordedServer.drainBegan(e);
      case ServerEvent.DrainEnded e -> RecordedServer.drainEnded(e, drain);
    }
  }
}
