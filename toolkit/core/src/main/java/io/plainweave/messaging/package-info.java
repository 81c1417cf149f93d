/** Messages that are pushed to one peer, or to many, by whoever has something to say. */
@NullMarked
package io.plainweave.messaging;

import org.jspecify.annotations.NullMarked;
