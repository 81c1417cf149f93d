/**
 * Who may connect, how many, and how often.
 *
 * <p>{@link io.plainweave.admission.AdmissionRules} are what a server keeps to by itself, with each
 * {@link io.plainweave.admission.Network} and {@link io.plainweave.admission.Rate} in them; a
 * {@link io.plainweave.admission.Refusal} is what becomes of the others. For what a handler counts,
 * its requests or bytes, there are a {@link io.plainweave.admission.RateLimiter} and, for each of
 * many users, a {@link io.plainweave.admission.KeyedRateLimiter}.
 */
@NullMarked
package io.plainweave.admission;

import org.jspecify.annotations.NullMarked;
