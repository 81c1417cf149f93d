package io.plainweave.server;

import io.plainweave.Handler;
import io.plainweave.Listen;

/** Where a server listens, and what serves the connections of that listener. */
record ListenPlace(Listen listen, Handler handler) {}
