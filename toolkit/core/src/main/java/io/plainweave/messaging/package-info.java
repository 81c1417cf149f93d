/**
 * Messages that are pushed to one peer, or to many, by whoever has something to say.
 *
 * <p>An {@link io.plainweave.messaging.Outbox} queues and sends those of one connection, as much as
 * its {@link io.plainweave.messaging.OutboxLimits} allow; its policy says what becomes of the rest.
 * A {@link io.plainweave.messaging.Group} sends one message to many outboxes.
 */
@NullMarked
package io.plainweave.messaging;

import org.jspecify.annotations.NullMarked;
