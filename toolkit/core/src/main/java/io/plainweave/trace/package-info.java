/**
 * A trace of connections while a server runs: the bytes of both directions with their times, and
 * what else becomes of the connection, as text or for Wireshark. An operator begins one by {@link
 * io.plainweave.status.LiveConnection#trace} or {@link io.plainweave.status.LiveView#trace}.
 *
 * <p><b>What it holds.</b> The bytes that handlers read and write, in plain, also where they travel
 * by TLS: passwords, cookies, tokens, personal data, and keys that a protocol itself sends. Treat
 * the file, and the log, as you treat those; begin no trace without a need, and delete it after.
 * Nothing of TLS is in it but the version, the cipher suite and the protocol that were agreed on:
 * no key, no secret from which one could be derived, no private key of a certificate. So it is of
 * no use to decrypt what somebody else has recorded.
 *
 * <p><b>What it shows.</b>
 *
 * <ul>
 *   <li>Bytes from the peer when they are taken from the socket, which may be before the handler
 *       reads them. What the toolkit had taken when the trace began is not shown.
 *   <li>Bytes to the peer when the socket, or TLS, has taken them: what is in a buffer that was not
 *       flushed is not sent, and not shown. Files are shown as well ({@link
 *       io.plainweave.Connection#sendFile}), and the bytes of a relay.
 *   <li>A PROXY header, and a ClientHello that was {@linkplain io.plainweave.Connection#peek looked
 *       at}, as they came. Otherwise the bytes of the handshake of TLS are not shown.
 *   <li>Events: opened, what a TLS handshake has agreed on, a wait for a peer that does not read,
 *       the end of either direction, and the end of the connection with its reason.
 * </ul>
 *
 * <p>It does not show what comes after the handler has ended, nor datagrams: UDP has no trace.
 *
 * <p><b>Bounds.</b> A trace ends by itself ({@link io.plainweave.trace.TraceLimits}), and says at
 * its end why. It is written by a thread of its own, behind a queue of 1 MiB: where the disk or the
 * log is slower than the connections, bytes are left out and their number is shown, and no
 * connection waits. One that cannot be written ends with a warning in the log of the server, and
 * changes nothing for the connections.
 *
 * <p><b>Cost.</b> A connection that is not traced has no field, no object and no branch for it. One
 * that is traced copies what it reads and writes, and a file goes by way of a buffer.
 */
@NullMarked
package io.plainweave.trace;

import org.jspecify.annotations.NullMarked;
