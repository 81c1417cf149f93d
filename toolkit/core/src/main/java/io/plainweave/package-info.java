/**
 * A server toolkit: bind, listen, accept, read, write and close in plain blocking code, on one
 * virtual thread for each connection, with every lifetime owned by a scope.
 *
 * <h2>The life of a connection</h2>
 *
 * <ol>
 *   <li>A {@link io.plainweave.Listen} says where; the {@link io.plainweave.server.Server} binds
 *       it.
 *   <li>An acceptor, a platform thread of the listener, waits until the limits leave room, accepts,
 *       and takes a permit of each limit ({@link io.plainweave.admission.AdmissionRules}). Until
 *       then, connections wait in the kernel's backlog; those that are not to be served are turned
 *       away.
 *   <li>The acceptor forks a virtual thread in the scope that it owns. That thread carries out the
 *       handshake, if there is one: the PROXY header, that of TLS ({@link io.plainweave.Listen}).
 *   <li>It runs the {@link io.plainweave.Handler} with the {@link io.plainweave.Connection}.
 *   <li>The handler reads {@link io.plainweave.Connection#input()} and writes {@link
 *       io.plainweave.Connection#output()}. Output leaves when the handler next waits for input.
 *   <li>The handler returns: flush, FIN, a bounded wait for the peer's FIN, close. Or it throws:
 *       reset.
 *   <li>The socket is closed, the permits given back, the thread ends.
 * </ol>
 *
 * <h2>What a handler has</h2>
 *
 * <ul>
 *   <li>Messages in the two streams: {@code io.plainweave.framing}; layers around them, such as
 *       gzip: {@link io.plainweave.Duplex#through}.
 *   <li>Further threads: {@link io.plainweave.ConnectionScope}, and {@code io.plainweave.messaging}
 *       for what others have to say to the peer.
 *   <li>Time: {@link io.plainweave.TimeLimits} hold for every connection, a {@link
 *       io.plainweave.Deadline} for one piece of work.
 *   <li>Itself, where it is no parameter: {@code io.plainweave.context.CurrentConnection}, also in
 *       the log; and what forks take along.
 *   <li>What goes on meanwhile: {@link io.plainweave.Connection#isDraining()}, {@link
 *       io.plainweave.Connection#peerState()}, {@link io.plainweave.Connection#closeReason()}.
 *   <li>Several protocols on one port, told apart before anything is read: {@code
 *       io.plainweave.protocol}.
 *   <li>Connections to others: {@code io.plainweave.client}.
 * </ul>
 *
 * <h2>The threads</h2>
 *
 * <pre>
 *   server scope            owner: the thread that calls Server.run()
 *   ├─ poller               one for each carrier; wakes connections that have something to read
 *   └─ background scope
 *       ├─ task             one virtual thread for each background task of the server
 *       └─ listeners' scope
 *           ├─ acceptor     of a listener; owns the scope of its connections
 *           │   ├─ connection   one virtual thread: handshake, handler, flush, FIN, linger, close
 *           │   │   └─ scope    only where a handler opens one: reader, outbox, heartbeat
 *           │   └─ connection
 *           ├─ receiver     one for each UDP socket; owns the scope of its handlers
 *           │   └─ session      one virtual thread for each peer, or for each datagram
 *           └─ reaper       looks at the time for all of them, and drives the drain
 * </pre>
 *
 * <p>{@code jcmd PID Thread.dump_to_file -format=json FILE} shows this tree, and where each handler
 * stands. The thread of a connection has the name of its listener ({@code plainweave connection at
 * 192.0.2.1:7000}), which all of them share: it costs no memory, where the peer in it would cost 80
 * bytes for each connection. A handler that wants more in its dumps, and has the memory, says so:
 *
 * {@snippet file="io/plainweave/server/ConnectionThreadTest.java" region="name"}
 *
 * <p>Nothing outlives its scope: when {@link io.plainweave.server.Server#run()} returns, no thread,
 * socket or permit is left.
 *
 * <h2>Without memory</h2>
 *
 * <p>A server outlives a heap that is full for a while. While it is, connections may be reset, and
 * new ones wait or fail; a second or so after there is memory again it serves as before, and no
 * thread, socket, permit or connection is lost. A handler that meets an {@link
 * java.lang.OutOfMemoryError} or a {@link java.lang.StackOverflowError} ends its own connection
 * only, and one that catches it may go on and fork.
 *
 * <p>If a thread without which the server is none has failed for good, be it one of ours or the
 * JDK's, the server is cancelled, and {@link io.plainweave.server.Server#run()} throws the reason.
 * It does not stay half alive.
 *
 * <p>That is the server, and no more. The code of handlers, libraries and the JDK may have failed
 * anywhere in the middle: a timed wait of a virtual thread ({@link java.lang.Thread#sleep}, {@code
 * poll} with a timeout) that finds no memory can take down a carrier of the JDK, and with it
 * threads that have nothing to do with it; {@linkplain
 * io.plainweave.server.ServerBuilder#eventLoops event loops} do not have that weakness. Where
 * another process takes over, the safest answer to a lack of memory is to end this one: {@code
 * -XX:+ExitOnOutOfMemoryError}, together with a limit of connections ({@link
 * io.plainweave.admission.AdmissionRules}) and of messages, so that it does not come to that.
 */
@NullMarked
package io.plainweave;

import org.jspecify.annotations.NullMarked;
