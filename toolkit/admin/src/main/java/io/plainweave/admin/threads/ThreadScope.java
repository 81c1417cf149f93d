package io.plainweave.admin.threads;

import java.util.List;
import java.util.stream.Stream;

/**
 * A scope of a {@link ThreadTree}, or something else that holds threads together, as the pool of a
 * scheduler.
 *
 * @param name how it is called, {@code "listener api"} for example
 * @param threads those that are in it, each with the scopes that it has opened
 * @param scopes those that are in it, and were opened by none of its threads
 */
public record ThreadScope(String name, List<ScopedThread> threads, List<ThreadScope> scopes) {
  /** Describes a scope. */
  public ThreadScope {
    threads = List.copyOf(threads);
    scopes = List.copyOf(scopes);
  }

  /**
   * {@return where its threads are, without those of scopes in it; the place of most comes first}
   */
  public List<PlaceCount> places() {
    return PlaceCount.of(threads.stream());
  }

  /** {@return this one, and those that are in it or were opened by threads in it, at any depth} */
  public Stream<ThreadScope> all() {
    return Stream.concat(Stream.of(this), inner().flatMap(ThreadScope::all));
  }

  private Stream<ThreadScope> inner() {
    return Stream.concat(scopes.stream(), ofThreads());
  }

  /** Those that its threads have opened. */
  Stream<ThreadScope> ofThreads() {
    return threads.stream().flatMap(thread -> thread.scopes().stream());
  }
}
