package io.plainweave.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * TLS as a server speaks it: its certificates, whose certificates it wants to see, and what it
 * speaks. One object serves any number of listeners and connections.
 *
 * <p>Versions 1.3 and 1.2, the latter with ciphers that authenticate what they encrypt and keep old
 * recordings safe (RFC 9325, section 4.2).
 *
 * <p><b>Sessions.</b> A client may resume one within a day, by its ticket or, in TLS 1.2, its
 * number: it is who it was, without showing a certificate again. A ticket holds the session itself,
 * encrypted with keys of this object that the JDK replaces by the hour. Of those without a ticket
 * the JDK keeps at most 20,480, and drops them when memory is short ({@code
 * javax.net.ssl.sessionCacheSize}). None is resumed under another name (SNI), or after a {@link
 * #reload()}.
 *
 * <p><b>Several certificates.</b> A client that asks for a name (SNI) is shown the certificate that
 * is for it: with that very name among its subject alternative names, or with {@code *} in place of
 * its first label. All others see the certificate that was given first, or are turned away ({@link
 * Builder#rejectUnknownNames()}).
 *
 * <p>A name that no host can have, the JDK refuses itself, with the alert {@code
 * illegal_parameter}, before anybody here is asked: one with an underscore, a dot at its end (which
 * RFC 6066, section 3, forbids), an address of IPv6. Where such clients must be served, and one
 * certificate is enough, the whole JVM can be told to ignore the names that clients ask for: {@code
 * -Djdk.tls.server.disableExtensions=server_name}.
 *
 * <p><b>New certificates.</b> {@link #reload()} reads all files again while the server runs.
 */
public final class ServerTls {
  /** What a handshake needs, as one reading of the files has found it. */
  private record Material(SSLContext context, SSLParameters parameters) {}

  private enum ClientCertificate {
    IGNORED,
    WANTED,
    REQUIRED
  }

  private final List<Identity> identities;
  private final ClientCertificate clientCertificate;
  private final @Nullable Path clientAuthorities;
  private final List<String> applicationProtocols;
  private final boolean rejectUnknownNames;

  /** Replaced at a reload, by any thread. */
  private volatile Material material;

  private ServerTls(Builder builder) throws IOException {
    identities = List.copyOf(builder.identities);
    clientCertificate = builder.clientCertificate;
    clientAuthorities = builder.clientAuthorities;
    applicationProtocols = builder.applicationProtocols;
    rejectUnknownNames = builder.rejectUnknownNames;
    material = read();
  }

  /**
   * Begins a description; it needs at least one {@link Builder#identity}.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Reads all files again. Handshakes that begin from now on use what they hold, connections that
   * exist go on as they are.
   *
   * @throws IOException if they cannot be used; what was in force stays so
   */
  public void reload() throws IOException {
    material = read();
  }

  private Material read() throws IOException {
    List<Credentials> credentials = new ArrayList<>();
    for (Identity identity : identities) {
      credentials.add(identity.read());
    }
    SSLContext context =
        Contexts.open(new ServerKeyManager(credentials), Contexts.trust(clientAuthorities));
    SSLParameters parameters = context.getDefaultSSLParameters();
    parameters.setProtocols(Contexts.protocols());
    parameters.setCipherSuites(
        Stream.of(parameters.getCipherSuites())
            .filter(ServerTls::isOfToday)
            .toArray(String[]::new));
    parameters.setUseCipherSuitesOrder(true);
    parameters.setApplicationProtocols(applicationProtocols.toArray(String[]::new));
    switch (clientCertificate) {
      case IGNORED -> parameters.setNeedClientAuth(false);
      case WANTED -> parameters.setWantClientAuth(true);
      case REQUIRED -> parameters.setNeedClientAuth(true);
    }
    parameters.setSNIMatchers(List.of(new ServerNames(rejectUnknownNames, credentials)));
    return new Material(context, parameters);
  }

  /** The suites of TLS 1.3 name no key exchange: theirs is ephemeral always. */
  private static boolean isOfToday(String cipherSuite) {
    return cipherSuite.startsWith("TLS_AES_")
        || cipherSuite.startsWith("TLS_CHACHA20_")
        || (cipherSuite.startsWith("TLS_ECDHE_")
            && (cipherSuite.contains("_GCM_") || cipherSuite.contains("_CHACHA20_")));
  }

  /**
   * Makes the engine of one connection, with the files as they were read last.
   *
   * @return an engine in server mode, before its handshake
   */
  public SSLEngine newEngine() {
    Material now = material;
    SSLEngine engine = now.context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setSSLParameters(now.parameters);
    return engine;
  }

  /** Names the files of the certificates. */
  @Override
  public String toString() {
    return "TLS with " + identities;
  }

  /** Collects what a {@link ServerTls} is made of. */
  public static final class Builder {
    private final List<Identity> identities = new ArrayList<>();
    private ClientCertificate clientCertificate = ClientCertificate.IGNORED;
    private @Nullable Path clientAuthorities;
    private List<String> applicationProtocols = List.of();
    private boolean rejectUnknownNames;

    private Builder() {}

    /**
     * Adds a certificate and its key. The first one serves clients that ask for no name, or for an
     * unknown one.
     *
     * @param identity where they are kept
     * @return this
     */
    public Builder identity(Identity identity) {
      identities.add(Objects.requireNonNull(identity, "identity"));
      return this;
    }

    /**
     * Lets in only clients with a certificate. {@link TlsSession#peer()} shows the handler who the
     * client is.
     *
     * @param authorities a PEM file with the certificates of those who may vouch for a client
     * @return this
     */
    public Builder requireClientCertificate(Path authorities) {
      return clientCertificate(ClientCertificate.REQUIRED, authorities);
    }

    /**
     * Asks clients for a certificate, and lets in those who have none as well. One that is not
     * vouched for is refused.
     *
     * @param authorities a PEM file with the certificates of those who may vouch for a client
     * @return this
     */
    public Builder wantClientCertificate(Path authorities) {
      return clientCertificate(ClientCertificate.WANTED, authorities);
    }

    private Builder clientCertificate(ClientCertificate clientCertificate, Path authorities) {
      this.clientCertificate = clientCertificate;
      this.clientAuthorities = Objects.requireNonNull(authorities, "authorities");
      return this;
    }

    /**
     * Sets what the server speaks (ALPN, RFC 7301). The first one that the client speaks, too, is
     * chosen; a client that names none of them is refused with {@code no_application_protocol}; one
     * that does not negotiate at all is let in.
     *
     * @param protocols by the names of IANA's registry, the best first, for example {@code h2}
     * @return this
     */
    public Builder applicationProtocols(String... protocols) {
      applicationProtocols = List.of(protocols);
      return this;
    }

    /**
     * Refuses clients that ask for a name for which there is no certificate, with {@code
     * unrecognized_name}. Those that ask for none are let in.
     *
     * @return this
     */
    public Builder rejectUnknownNames() {
      rejectUnknownNames = true;
      return this;
    }

    /**
     * Reads the files.
     *
     * @return the description, ready for handshakes
     * @throws IllegalStateException if there is no identity
     * @throws IOException if a file cannot be used; the message is a sentence that names it
     */
    public ServerTls build() throws IOException {
      if (identities.isEmpty()) {
        throw new IllegalStateException("a server needs a certificate: call identity(…)");
      }
      return new ServerTls(this);
    }
  }
}
