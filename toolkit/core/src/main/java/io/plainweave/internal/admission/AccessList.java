package io.plainweave.internal.admission;

import io.plainweave.admission.AdmissionRules;
import java.net.InetAddress;

/**
 * Which sources are served at all.
 *
 * @param allowed those that are; if empty, all
 * @param denied those that are not, even if they are allowed
 * @param exempt those to which no limit of a source applies
 */
record AccessList(NetworkSet allowed, NetworkSet denied, NetworkSet exempt) {
  static AccessList of(AdmissionRules rules) {
    return new AccessList(
        new NetworkSet(rules.allow()),
        new NetworkSet(rules.deny()),
        new NetworkSet(rules.exempt()));
  }

  boolean denies(InetAddress source) {
    return denied.contains(source) || (!allowed.isEmpty() && !allowed.contains(source));
  }

  boolean exempts(InetAddress source) {
    return !exempt.isEmpty() && exempt.contains(source);
  }
}
