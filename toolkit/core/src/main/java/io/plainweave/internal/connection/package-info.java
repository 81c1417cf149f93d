/**
 * One connection, from the accept to the close.
 *
 * <p>In the order in which to read: {@code SocketConnection} is what the handler sees, and the task
 * of its thread; {@code ConnectionInput} with {@code MessageState} and {@code ConnectionOutput} are
 * its two sides, on the {@code Wire} that they share; {@code ConnectionEnd} closes it; {@code
 * TimeCheck} is how the reaper judges it. What it needs of the server or the client in which it
 * lives is its {@code Home}.
 */
@NullMarked
package io.plainweave.internal.connection;

import org.jspecify.annotations.NullMarked;
