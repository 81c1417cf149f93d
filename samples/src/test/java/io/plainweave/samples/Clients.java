package io.plainweave.samples;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Many clients, closed together. */
record Clients(List<Client> list) implements AutoCloseable, Iterable<Client> {
  static Clients connect(int port, int count) throws IOException {
    var clients = new Clients(new ArrayList<>());
    boolean complete = false;
    try {
      for (int i = 0; i < count; i++) {
        clients.list.add(Client.connect(port));
      }
      complete = true;
      return clients;
    } finally {
      if (!complete) {
        clients.close();
      }
    }
  }

  @Override
  public Iterator<Client> iterator() {
    return list.iterator();
  }

  @Override
  public void close() throws IOException {
    for (Client client : list) {
      client.close();
    }
  }
}
