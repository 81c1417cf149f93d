/** The command {@code udp}: datagrams at a fixed rate to a server that sends each one back. */
package io.plainweave.loadtests.udp;
