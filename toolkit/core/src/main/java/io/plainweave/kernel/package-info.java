/**
 * What Linux tells of sockets in {@code /proc}, and Java cannot ask: read here and nowhere else.
 * Each answer may be missing, as it is on other systems.
 */
@NullMarked
package io.plainweave.kernel;

import org.jspecify.annotations.NullMarked;
