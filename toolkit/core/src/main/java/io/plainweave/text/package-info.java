/** How text that others may have chosen is shown. */
@NullMarked
package io.plainweave.text;

import org.jspecify.annotations.NullMarked;
