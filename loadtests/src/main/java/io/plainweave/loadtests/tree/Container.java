package io.plainweave.loadtests.tree;

import java.util.List;

/**
 * A scope, or something else that holds threads together.
 *
 * @param id what its children call it
 * @param parent the id of the one around it, null for none
 * @param owner the thread that has opened it, null if that is none in particular
 * @param threads those that are in it
 */
record Container(String id, String parent, String owner, List<DumpedThread> threads) {
  /** How it is called; the JDK adds the class and the hash. */
  String name() {
    int end = id.indexOf("/jdk.internal.");
    return end > 0 ? id.substring(0, end) : id;
  }
}
