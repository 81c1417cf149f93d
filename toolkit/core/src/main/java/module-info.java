/** A server toolkit for virtual threads. */
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
}
