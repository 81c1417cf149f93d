/** What must hold when something goes wrong: README.md in this folder lists every fault. */
package io.plainweave.faults;
