package io.plainweave.server;

import io.plainweave.internal.socket.Listener;

/**
 * A socket that listens, and the home of the connections that it takes, which it shares with the
 * other sockets of the same description.
 */
record BoundListener(Listener listener, ServerHome home) {}
