package io.plainweave.loadtests.havoc;

/** A client has got bytes that nobody should get, whatever was done to its connection. */
final class WrongBytes extends RuntimeException {
  WrongBytes(String what) {
    super(what);
  }
}
