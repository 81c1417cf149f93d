/** The threads of a process as the tree of scopes that they are in. */
package io.plainweave.loadtests.tree;
