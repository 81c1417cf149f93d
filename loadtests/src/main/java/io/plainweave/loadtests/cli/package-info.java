/** What all commands of the load tests share: how they read durations, fail, and name a version. */
package io.plainweave.loadtests.cli;
