/**
 * Messages in the byte streams of a connection: lines of text, and frames of bytes.
 *
 * <ul>
 *   <li>{@link io.plainweave.framing.Lines} are text, up to the end of a line: strict where the
 *       protocol wants a carriage return and a line feed.
 *   <li>{@link io.plainweave.framing.Frames} are bytes: behind their length (a {@link
 *       io.plainweave.framing.LengthPrefix}), up to a delimiter, or of one size.
 *   <li>{@link io.plainweave.framing.MessageReader} reads messages of several parts, from a
 *       connection or from memory: numbers, counted bytes, lines; {@link
 *       io.plainweave.framing.Utf8Decoder} text that comes in pieces.
 *   <li>{@code read()} returns one message, or null at the end; {@code write} writes one.
 *   <li>Each has a limit, and refuses what is longer before it takes the memory, or skips or cuts
 *       it ({@link io.plainweave.framing.TooLong}).
 *   <li>An end of input in the middle of a message is a {@link
 *       io.plainweave.TruncatedMessageException}, a message that cannot be one a {@link
 *       io.plainweave.MalformedMessageException}: let them pass, and the connection is reset.
 *   <li>They mark where a message begins and ends. So the drain ends a connection between two
 *       messages, never inside one, and {@link io.plainweave.TimeLimits#message()} applies.
 *   <li>They take no byte beyond the message: a connection can change from one to another, or to
 *       TLS. A reader that takes what it can get, such as a {@link java.io.BufferedReader} around
 *       the input, does: what it holds is lost to whoever reads next.
 * </ul>
 *
 * <p>All of it is built on {@link io.plainweave.Connection#awaitMessage()}, {@link
 * io.plainweave.Connection#input()} and {@link io.plainweave.Connection#endMessage()}, as a format
 * of your own can be. A server that is asked in a line, and replies with bytes behind their length:
 *
 * {@snippet file="io/plainweave/framing/FramingTourTest.java" region="tour"}
 */
@NullMarked
package io.plainweave.framing;

import org.jspecify.annotations.NullMarked;
