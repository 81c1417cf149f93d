/** The samples, driven as their users drive them: as processes, by real clients. */
package io.plainweave.samples;
