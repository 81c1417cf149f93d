package io.plainweave.tls;

import java.util.List;
import java.util.Locale;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.StandardConstants;

/** The names for which there is a certificate. */
final class KnownNames extends SNIMatcher {
  private final List<Credentials> credentials;

  KnownNames(List<Credentials> credentials) {
    super(StandardConstants.SNI_HOST_NAME);
    this.credentials = List.copyOf(credentials);
  }

  @Override
  public boolean matches(SNIServerName asked) {
    if (!(asked instanceof SNIHostName host)) {
      return false;
    }
    String name = host.getAsciiName().toLowerCase(Locale.ROOT);
    return credentials.stream().anyMatch(known -> known.isFor(name));
  }
}
