package io.plainweave.internal.admission;

import io.plainweave.AdmissionRules;
import java.net.InetAddress;

/**
 * Which sources are served at all.
 *
 * @param allowed those that are; if empty, all
 * @param denied those that are not, even if they are allowed
 */
record AccessList(NetworkSet allowed, NetworkSet denied) {
  static AccessList of(AdmissionRules rules) {
    return new AccessList(new NetworkSet(rules.allow()), new NetworkSet(rules.deny()));
  }

  boolean denies(InetAddress source) {
    return denied.contains(source) || (!allowed.isEmpty() && !allowed.contains(source));
  }
}
