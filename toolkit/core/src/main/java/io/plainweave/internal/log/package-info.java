/**
 * The log of the toolkit: the one door to SLF4J, through which nothing passes that is more than one
 * line.
 */
@NullMarked
package io.plainweave.internal.log;

import org.jspecify.annotations.NullMarked;
