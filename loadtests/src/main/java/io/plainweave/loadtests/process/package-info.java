/** Servers in processes of their own that are asked, a line at a time, how they are. */
package io.plainweave.loadtests.process;
