package io.plainweave.loadtests.havoc;

import java.nio.file.Path;

/**
 * Where a server is: at a port, by TLS at the next one, behind its pool at the one after; by UDP at
 * the first one as well.
 *
 * @param port the first of the ports
 * @param folder what the server has of files; its Unix-domain socket is among them
 */
record Place(int port, Path folder) {
  int tlsPort() {
    return port + 1;
  }

  Path socket() {
    return folder.resolve("socket");
  }
}
