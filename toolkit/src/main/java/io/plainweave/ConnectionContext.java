package io.plainweave;

/** What all connections of a server share. */
record ConnectionContext(
    Handler handler,
    ConnectionLimit limit,
    ConnectionRegistry registry,
    BufferPool buffers,
    Ticks ticks,
    ServerEvents events) {
  ConnectionContext(Handler handler, int maxConnections) {
    this(
        handler,
        new ConnectionLimit(maxConnections),
        new ConnectionRegistry(),
        new BufferPool(),
        new Ticks(),
        new ServerEvents());
  }
}
