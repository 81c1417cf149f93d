/** The pages of {@code toolkit/docs}: their code is run, their links are followed. */
package io.plainweave.guide;
