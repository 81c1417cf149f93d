package io.plainweave.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the certificate by the name that the client has asked for. The alias of one is its place
 * in the list.
 */
final class ServerKeyManager extends X509ExtendedKeyManager {
  private final List<Credentials> credentials;

  ServerKeyManager(List<Credentials> credentials) {
    this.credentials = List.copyOf(credentials);
  }

  /** Called once for each type of key that the client can verify, until there is an answer. */
  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    // Several with one name may have keys of different types.
    Optional<String> name = requestedName(engine);
    List<Integer> candidates =
        name.isEmpty() ? List.of() : indices().filter(i -> isFor(name.get(), i)).boxed().toList();
    return (candidates.isEmpty() ? List.of(0) : candidates)
        .stream()
            .filter(i -> credentials.get(i).key().getAlgorithm().equals(keyType))
            .findFirst()
            .map(i -> Integer.toString(i))
            .orElse(null);
  }

  private IntStream indices() {
    return IntStream.range(0, credentials.size());
  }

  private boolean isFor(String name, int index) {
    return credentials.get(index).isFor(name);
  }

  private static Optional<String> requestedName(SSLEngine engine) {
    return engine.getHandshakeSession() instanceof ExtendedSSLSession session
        ? session.getRequestedServerNames().stream()
            .filter(SNIHostName.class::isInstance)
            .map(name -> ((SNIHostName) name).getAsciiName().toLowerCase(Locale.ROOT))
            .findFirst()
        : Optional.empty();
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return credentials.get(Integer.parseInt(alias)).chain().toArray(X509Certificate[]::new);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return credentials.get(Integer.parseInt(alias)).key();
  }

  @Override
  public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return indices()
        .filter(i -> credentials.get(i).key().getAlgorithm().equals(keyType))
        .mapToObj(Integer::toString)
        .toArray(String[]::new);
  }

  // Sockets and clients are no business of this one.

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
