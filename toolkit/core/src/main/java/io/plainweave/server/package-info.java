/**
 * The server: its description, its life, and the tree of its threads.
 *
 * <p>A {@link io.plainweave.server.ServerBuilder} collects what makes a {@link
 * io.plainweave.server.Server}; {@link io.plainweave.server.Services} starts and stops several of
 * them, and what else they need, in order. Behind a server, in the order in which to read: {@code
 * Supervisor} owns the scopes, {@code BackgroundTasks} are the server's own work, {@code Acceptor}
 * takes connections, {@code Reaper} looks at the time, {@code Drain} ends them, {@code ServerHome}
 * is what connections know of all this.
 */
@NullMarked
package io.plainweave.server;

import org.jspecify.annotations.NullMarked;
