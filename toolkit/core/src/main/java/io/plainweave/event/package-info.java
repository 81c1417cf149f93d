/** What a server tells: events for observers, and what has become of a drain. */
@NullMarked
package io.plainweave.event;

import org.jspecify.annotations.NullMarked;
