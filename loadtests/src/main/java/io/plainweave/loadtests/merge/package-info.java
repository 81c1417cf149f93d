/** The reports of the generators of one run, merged into the report of the run. */
package io.plainweave.loadtests.merge;
