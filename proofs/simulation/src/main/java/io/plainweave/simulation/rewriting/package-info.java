/** What is changed of classes when they are loaded. */
package io.plainweave.simulation.rewriting;
