/** Events of a server for its observers, and the report of a drain. */
@NullMarked
package io.plainweave.event;

import org.jspecify.annotations.NullMarked;
