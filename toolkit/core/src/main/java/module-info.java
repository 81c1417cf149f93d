/** A server toolkit for virtual threads. */
@SuppressWarnings("module") // the test kit is compiled after this module
module io.plainweave {
  requires transitive java.management;
  requires jdk.management;
  requires transitive jdk.net;
  requires jdk.unsupported;
  requires org.slf4j;
  requires static jdk.jfr;
  requires static org.jspecify;

  exports io.plainweave;
  exports io.plainweave.admission;
  exports io.plainweave.client;
  exports io.plainweave.context;
  exports io.plainweave.event;
  exports io.plainweave.framing;
  exports io.plainweave.jmx;
  exports io.plainweave.messaging;
  exports io.plainweave.protocol;
  exports io.plainweave.proxyprotocol;
  exports io.plainweave.server;
  exports io.plainweave.status;
  exports io.plainweave.tls;
  exports io.plainweave.trace;
  exports io.plainweave.udp;

  // The test kit runs the machine itself, on a network and by a clock of its own.
  exports io.plainweave.clock to
      io.plainweave.testing;
  exports io.plainweave.internal.connection to
      io.plainweave.testing;
  exports io.plainweave.internal.socket to
      io.plainweave.testing;
  exports io.plainweave.internal.time to
      io.plainweave.testing;
  exports io.plainweave.internal.transport to
      io.plainweave.testing;
  exports io.plainweave.text to
      io.plainweave.testing;
}
