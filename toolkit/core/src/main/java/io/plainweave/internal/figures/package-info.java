/** What is counted of the connections of a server, when they begin and when they end. */
@NullMarked
package io.plainweave.internal.figures;

import org.jspecify.annotations.NullMarked;
