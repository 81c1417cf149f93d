/** What an operator sees of a server that runs, and does to it. */
package io.plainweave.admin;
