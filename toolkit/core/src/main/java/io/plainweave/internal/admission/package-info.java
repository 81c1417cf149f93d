/**
 * Who is served, and how many: permits of the server, of listeners and of sources, and those who
 * are turned away.
 */
@NullMarked
package io.plainweave.internal.admission;

import org.jspecify.annotations.NullMarked;
