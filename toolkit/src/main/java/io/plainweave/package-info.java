/**
 * A server toolkit for virtual threads: every connection runs plain blocking code on a virtual
 * thread of its own, and structured scopes own every lifetime.
 */
@NullMarked
package io.plainweave;

import org.jspecify.annotations.NullMarked;
