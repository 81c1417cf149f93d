package io.plainweave.admin;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who may ask. A listener at loopback is within reach of every page that a browser on this machine
 * shows, so a request has to show that it comes from no page of others:
 *
 * <ul>
 *   <li>Its Host is an address, {@code localhost} or a name that is known. So the name of an
 *       attacker, which suddenly stands for 127.0.0.1 ("DNS rebinding"), is of no use.
 *   <li>Its {@code Sec-Fetch-Site}, which browsers send and no script can change, says that it
 *       comes from a page of this listener, or from the user. Where it is missing, {@code Origin}
 *       says the same. What sends neither is no browser.
 * </ul>
 *
 * @param names by which the listener is known, in lower case
 */
record Access(Set<String> names) {
  private static final Pattern ADDRESS = Pattern.compile("\\[.*]|[0-9]{1,3}(?:\\.[0-9]{1,3}){3}");

  void check(Request request) throws Refused {
    String host = request.host();
    if (!host.isEmpty() && !isKnown(withoutPort(host))) {
      throw new Refused(
          Status.MISDIRECTED_REQUEST,
          "the Host is not known here: use an address or localhost, or tell Admin.anywhere(...)");
    }
    if (isOfAnotherPage(request) && !isVisit(request)) {
      throw new Refused(Status.FORBIDDEN, "a page of another origin may not ask here");
    }
  }

  private static String withoutPort(String host) {
    int colon = host.indexOf(':', Math.max(0, host.indexOf(']')));
    return colon < 0 ? host : host.substring(0, colon);
  }

  private boolean isKnown(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    return name.equals("localhost") || names.contains(name) || ADDRESS.matcher(name).matches();
  }

  private static boolean isOfAnotherPage(Request request) {
    String site = request.field("sec-fetch-site");
    if (!site.isEmpty()) {
      return !site.equals("same-origin") && !site.equals("none");
    }
    String origin = request.field("origin");
    return request.has("origin")
        && !origin.equalsIgnoreCase("http://" + request.host())
        && !origin.equalsIgnoreCase("https://" + request.host());
  }

  /** A link to a page here, which others may have; what it shows they do not see. */
  private static boolean isVisit(Request request) {
    return !request.method().equals("POST")
        && request.field("sec-fetch-mode").equals("navigate")
        && request.field("sec-fetch-dest").equals("document");
  }
}
