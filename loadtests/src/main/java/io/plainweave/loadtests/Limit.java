package io.plainweave.loadtests;

/**
 * One of the limits between this machine and a number of connections.
 *
 * @param name what limits
 * @param allows how many connections it allows
 * @param figures where that number comes from
 */
record Limit(String name, long allows, String figures) {}
