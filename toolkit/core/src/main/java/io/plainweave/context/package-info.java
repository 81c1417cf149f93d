/**
 * What a thread belongs to, and what its forks take along: the connection for which it runs, in
 * {@link io.plainweave.context.CurrentConnection}, and what libraries keep in thread-locals, by a
 * {@link io.plainweave.context.ForkContext}.
 */
@NullMarked
package io.plainweave.context;

import org.jspecify.annotations.NullMarked;
