/**
 * The command line of the load tests.
 *
 * <p>A command is a {@link io.plainweave.loadtests.scenario}, the {@link
 * io.plainweave.loadtests.machine} doctor, the {@link io.plainweave.loadtests.compare comparison}
 * or the measuring of the {@link io.plainweave.loadtests.models models}. A scenario leads a run of
 * the {@link io.plainweave.loadtests.coordinator}, which starts {@link
 * io.plainweave.loadtests.server servers} and {@link io.plainweave.loadtests.client clients} in
 * processes of their own, speaks with them in the lines of {@link io.plainweave.loadtests.control},
 * and makes a {@link io.plainweave.loadtests.report} of what it saw.
 *
 * <p>On several machines, the servers run alone ({@link io.plainweave.loadtests.server.Serve}), the
 * scenarios' clients begin at a {@link io.plainweave.loadtests.start start signal}, and their
 * reports {@link io.plainweave.loadtests.merge merge}.
 */
package io.plainweave.loadtests;
