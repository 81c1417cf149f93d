/** What can be seen of a server while it runs: its connections one by one, and its figures. */
@NullMarked
package io.plainweave.status;

import org.jspecify.annotations.NullMarked;
