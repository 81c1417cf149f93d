package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.tls.AnyServer;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * What the TLS connections of one thread of the client share: how they speak it, which is the same
 * for every server, and buffers.
 *
 * <p>Every handshake is a full one: an engine that knows nothing of its peer's address has no
 * session to resume.
 */
final class TlsClient {
  static final String PROTOCOL = "TLSv1.3";
  private static final String CIPHER_SUITE = "TLS_AES_128_GCM_SHA256";
  private static final String GROUP = "x25519";

  /** More than the largest record with its overhead, as the JDK counts it (16,709 bytes). */
  static final int RECORD_BYTES = 17 << 10;

  /**
   * Less by a record than the largest target of a read: the engine wants room for the next record
   * even while that is not there yet.
   */
  private static final int RECEIVED_BYTES = ClosedLoop.MOST_READ - RECORD_BYTES;

  private static final int SENT_BYTES = 64 << 10;

  /** Records as they came; used during a read. */
  final ByteBuffer received = ByteBuffer.allocateDirect(RECEIVED_BYTES);

  /** Records to be sent; used during a write. */
  final ByteBuffer records = ByteBuffer.allocateDirect(SENT_BYTES);

  private final SSLContext context;

  TlsClient() {
    context = AnyServer.context();
  }

  SSLEngine newEngine() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {PROTOCOL});
    parameters.setCipherSuites(new String[] {CIPHER_SUITE});
    parameters.setNamedGroups(new String[] {GROUP});
    engine.setSSLParameters(parameters);
    return engine;
  }
}
