/** How addresses are read and shown, and text that others may have chosen. */
@NullMarked
package io.plainweave.text;

import org.jspecify.annotations.NullMarked;
