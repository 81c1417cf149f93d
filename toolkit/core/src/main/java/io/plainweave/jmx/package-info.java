/** Servers for JMX: see {@link io.plainweave.jmx.JmxRegistration}. */
@NullMarked
package io.plainweave.jmx;

import org.jspecify.annotations.NullMarked;
