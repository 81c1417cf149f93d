/** A server toolkit for virtual threads. */
module io.plainweave {
  requires jdk.management;
  requires transitive jdk.net;
  requires jdk.unsupported;
  requires org.slf4j;
  requires static org.jspecify;

  exports io.plainweave;
  exports io.plainweave.framing;
  exports io.plainweave.proxyprotocol;
  exports io.plainweave.tls;
}
