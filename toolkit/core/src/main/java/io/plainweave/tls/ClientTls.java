package io.plainweave.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * TLS as a client speaks it: whom it trusts, and who it is if the server wants to know. One object
 * serves any number of connections.
 *
 * <p>The server's certificate must be valid, vouched for by somebody who is trusted, and for the
 * host to which the client connects, or for {@link Builder#serverName}.
 */
public final class ClientTls {
  private final @Nullable Path authorities;
  private final @Nullable Identity identity;
  private final @Nullable String serverName;
  private final List<String> applicationProtocols;

  /** Replaced at a reload, by any thread. */
  private volatile SSLContext context;

  private ClientTls(Builder builder) throws IOException {
    authorities = builder.authorities;
    identity = builder.identity;
    serverName = builder.serverName;
    applicationProtocols = builder.applicationProtocols;
    context = read();
  }

  /**
   * Begins a description, which is complete if the authorities that the system trusts are those to
   * trust.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Reads all files again, for connections that are opened from now on.
   *
   * @throws IOException if they cannot be used; what was in force stays so
   */
  public void reload() throws IOException {
    context = read();
  }

  private SSLContext read() throws IOException {
    return Contexts.open(
        identity == null ? null : Contexts.keys(identity.read()), Contexts.trust(authorities));
  }

  /**
   * Makes the engine of one connection.
   *
   * @param host to which it goes, a name or a literal address; null if it goes to none, as that to
   *     a Unix-domain socket
   * @param port to which it goes
   * @return an engine in client mode, before its handshake
   * @throws IllegalStateException if there is neither a host nor a {@link Builder#serverName}: no
   *     certificate could be checked
   */
  public SSLEngine newEngine(@Nullable String host, int port) {
    String expected = serverName != null ? serverName : host;
    if (expected == null) {
      throw new IllegalStateException(
          "whose certificate is to be expected? Call serverName(…): the address has no host");
    }
    // The dot that ends an absolute name is for the resolver, and in no certificate.
    String name = expected.endsWith(".") ? expected.substring(0, expected.length() - 1) : expected;
    SSLEngine engine = context.createSSLEngine(name, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(Contexts.protocols());
    // The rules of RFC 9525, which JSSE knows by the name of the protocol that first had them.
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setApplicationProtocols(applicationProtocols.toArray(String[]::new));
    // By itself, the engine would keep names without a dot to itself.
    parameters.setServerNames(askable(name));
    engine.setSSLParameters(parameters);
    return engine;
  }

  /**
   * What to ask for by SNI: no address (RFC 6066, section 3), and no host that cannot be in a
   * certificate, such as {@code my_host}: that the certificate is not for it is told in the
   * handshake.
   */
  private static List<SNIServerName> askable(String name) {
    try {
      return isAddress(name) ? List.of() : List.of(new SNIHostName(name));
    } catch (IllegalArgumentException e) {
      return List.of();
    }
  }

  private static boolean isAddress(String name) {
    try {
      InetAddress.ofLiteral(name);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return "TLS that trusts " + (authorities == null ? "whom the system trusts" : authorities);
  }

  /** Collects what a {@link ClientTls} is made of. */
  public static final class Builder {
    private @Nullable Path authorities;
    private @Nullable Identity identity;
    private @Nullable String serverName;
    private List<String> applicationProtocols = List.of();

    private Builder() {}

    /**
     * Trusts those who are named in a file, and nobody else.
     *
     * @param authorities a PEM file with certificates: of authorities, or of the server itself
     * @return this
     */
    public Builder trust(Path authorities) {
      this.authorities = Objects.requireNonNull(authorities, "authorities");
      return this;
    }

    /**
     * Sets the certificate to show to a server that asks for one.
     *
     * @param identity where it is kept
     * @return this
     */
    public Builder identity(Identity identity) {
      this.identity = Objects.requireNonNull(identity, "identity");
      return this;
    }

    /**
     * Sets the name that the server's certificate must be for, and that is asked for (SNI), in
     * place of the host's. Connections to a Unix-domain socket need one.
     *
     * @param name of the server, or a literal address
     * @return this
     * @throws IllegalArgumentException if it is no name that a host can have
     */
    public Builder serverName(String name) {
      if (!isAddress(name)) {
        var _ = new SNIHostName(name);
      }
      this.serverName = name;
      return this;
    }

    /**
     * Sets what the client speaks (ALPN, RFC 7301), of which the server chooses one. {@link
     * TlsSession#applicationProtocol()} is the one.
     *
     * @param protocols by the names of IANA's registry, the best first, for example {@code h2}
     * @return this
     */
    public Builder applicationProtocols(String... protocols) {
      applicationProtocols = List.of(protocols);
      return this;
    }

    /**
     * Reads the files.
     *
     * @return the description, ready for handshakes
     * @throws IOException if a file cannot be used; the message is a sentence that names it
     */
    public ClientTls build() throws IOException {
      return new ClientTls(this);
    }
  }
}
