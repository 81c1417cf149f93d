package io.plainweave.event;

import java.net.SocketAddress;
import java.util.OptionalInt;

/**
 * How a listening socket stands. A listener with several addresses has several.
 *
 * @param name how the listener is called: its {@link io.plainweave.Listen#name()}, or else its
 *     address as it is logged
 * @param address where it listens
 * @param backlog how many connections may wait to be accepted, as the kernel has cut it ({@code
 *     net.core.somaxconn} on Linux); what comes when it is full is dropped, and tried again by its
 *     peer after a second and more. Empty where the system does not say
 * @param waiting how many wait now; empty where the system does not say, as for Unix-domain sockets
 */
public record ListenerStatus(
    String name, SocketAddress address, OptionalInt backlog, OptionalInt waiting) {}
