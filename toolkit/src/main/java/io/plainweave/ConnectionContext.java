package io.plainweave;

/** What all connections of a server share. */
record ConnectionContext(
    Handler handler,
    ConnectionLimit limit,
    ConnectionRegistry registry,
    BufferPool buffers,
    Pollers pollers,
    Ticks ticks,
    TimeCheck timeCheck,
    Drain drain,
    ServerEvents events) {}
