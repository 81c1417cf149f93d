/**
 * The threads of a process as the tree of the scopes that they are in: server, listener,
 * connection, scope, task, each with what it waits for.
 *
 * <p>{@link io.plainweave.admin.threads.ThreadTree} reads what the JDK tells of all threads (JEP
 * 444), of its own process or of another one. As a command, for any process of a JDK 25 or later:
 *
 * <pre>java -jar plainweave-admin.jar tree PID</pre>
 */
package io.plainweave.admin.threads;
