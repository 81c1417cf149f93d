package io.plainweave.internal.udp;

import io.plainweave.text.Addresses;
import io.plainweave.udp.Datagram;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** A datagram that a receiver has taken from its socket. */
final class ReceivedDatagram implements Datagram {
  private final byte[] bytes;
  private final DatagramPeer peer;

  ReceivedDatagram(byte[] bytes, DatagramPeer peer) {
    this.bytes = bytes;
    this.peer = peer;
  }

  @Override
  public byte[] bytes() {
    return bytes;
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return peer.remoteAddress();
  }

  @Override
  public InetSocketAddress localAddress() {
    return peer.localAddress();
  }

  @Override
  public boolean reply(byte[] reply) {
    return peer.send(ByteBuffer.wrap(reply));
  }

  @Override
  public boolean reply(ByteBuffer reply) {
    return peer.send(reply.duplicate());
  }

  /** Returns the sender and the length. */
  @Override
  public String toString() {
    return "datagram of " + bytes.length + " bytes from " + Addresses.format(remoteAddress());
  }
}
