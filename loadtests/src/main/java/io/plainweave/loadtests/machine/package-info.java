/** What this machine allows, which limit decides, and how a run is laid out within them. */
package io.plainweave.loadtests.machine;
