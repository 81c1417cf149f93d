/**
 * The events of a server as events of the JDK's Flight Recorder: the only room that knows JFR. It
 * is an observer of the server among the others, and without the module {@code jdk.jfr} there is
 * none.
 */
@NullMarked
package io.plainweave.internal.recording;

import org.jspecify.annotations.NullMarked;
