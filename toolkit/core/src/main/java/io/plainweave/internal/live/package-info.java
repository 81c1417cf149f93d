/** What is seen of the connections of a server that runs, and the end of one by an operator. */
@NullMarked
package io.plainweave.internal.live;

import org.jspecify.annotations.NullMarked;
