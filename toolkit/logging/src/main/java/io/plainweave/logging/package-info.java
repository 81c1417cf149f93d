/**
 * Puts the connection for which a thread runs ({@link io.plainweave.context.CurrentConnection})
 * into each line of the log, of Logback or of Log4j: {@code connection}, its number, and {@code
 * peer}, the address of the peer, among the values of the MDC. Nothing has to be called: it is
 * enough that this artifact is on the class path. A pattern shows the values as {@code
 * %X{connection}} and {@code %X{peer}}; layouts in JSON have them anyway.
 *
 * <p>They are looked for when a line is logged, in the thread that logs it; an appender that writes
 * in another thread has them as well. The MDC of the threads stays as it is, and costs no
 * connection any memory. What the program has put there by the same names itself is left to it.
 */
package io.plainweave.logging;
