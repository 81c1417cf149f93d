/**
 * What an operator sees of a server that runs, and does to it: probes, figures for Prometheus, the
 * open connections and an end for each, a drain, and a page that shows all that. {@link
 * io.plainweave.admin.Admin} adds it to a server, in two lines.
 */
@NullMarked
package io.plainweave.admin;

import org.jspecify.annotations.NullMarked;
