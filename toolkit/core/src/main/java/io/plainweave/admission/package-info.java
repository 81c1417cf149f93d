/** Who may connect, how many, and how often: rules, networks and rates. */
@NullMarked
package io.plainweave.admission;

import org.jspecify.annotations.NullMarked;
