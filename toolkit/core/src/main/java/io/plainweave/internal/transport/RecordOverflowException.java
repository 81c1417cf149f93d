package io.plainweave.internal.transport;

import javax.net.ssl.SSLException;

/** The peer has sent a TLS record that is larger than any may be. */
final class RecordOverflowException extends SSLException {
  RecordOverflowException(int length, int most) {
    super("a record of " + length + " bytes: at most " + most + " are allowed");
  }
}
