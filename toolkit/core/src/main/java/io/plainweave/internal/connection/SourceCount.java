package io.plainweave.internal.connection;

/** Where admission counts the source of a connection, which keeps it for the end. */
public interface SourceCount {}
