/**
 * The textbooks' server models, measured side by side: the programs in {@code samples/models}.
 *
 * <p>{@link io.plainweave.loadtests.models.Models} is the command line, {@code Sweep} leads one
 * model through its measurements. Each model is a process of its own, or several; so are the two
 * clients ({@link io.plainweave.loadtests.models.ModelsClient}), whose connections stay open from
 * one measurement to the next.
 */
package io.plainweave.loadtests.models;
