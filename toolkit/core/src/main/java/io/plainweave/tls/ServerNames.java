package io.plainweave.tls;

import java.util.List;
import java.util.Locale;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.StandardConstants;

/**
 * The names for which a client may ask: all, or those for which there is a certificate.
 *
 * <p>One that takes all is there for what the engine does by itself with a name that is taken: it
 * resumes no session for it that was agreed on for another one (RFC 6066, section 3).
 */
final class ServerNames extends SNIMatcher {
  private final boolean rejectUnknown;
  private final List<Credentials> credentials;

  ServerNames(boolean rejectUnknown, List<Credentials> credentials) {
    super(StandardConstants.SNI_HOST_NAME);
    this.rejectUnknown = rejectUnknown;
    this.credentials = List.copyOf(credentials);
  }

  @Override
  public boolean matches(SNIServerName asked) {
    if (!rejectUnknown) {
      return true;
    }
    if (!(asked instanceof SNIHostName host)) {
      return false;
    }
    String name = host.getAsciiName().toLowerCase(Locale.ROOT);
    return credentials.stream().anyMatch(known -> known.isFor(name));
  }
}
