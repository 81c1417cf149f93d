/**
 * How many machines a number of clients needs: what was measured on one machine, multiplied, and a
 * simulation of clients that all come back at once.
 */
package io.plainweave.loadtests.plan;
