package io.plainweave.server;

import io.plainweave.Listen;
import java.io.IOException;
import java.util.List;

/**
 * A program that is a server and has arguments of its own, for {@link Server#serve(String[], List,
 * Listen, Program)}.
 */
@FunctionalInterface
public interface Program {
  /**
   * Describes the server.
   *
   * @param arguments those of the program's own, all of them
   * @param listen where to listen: for {@link ServerBuilder#listen(Listen)}, as it is or with
   *     settings that need the arguments, such as {@link Listen#tls}
   * @return the server, with its listener
   * @throws IllegalArgumentException if an argument is wrong, with a sentence for the user: the
   *     exit code is 2
   * @throws IOException if a file that an argument names cannot be used, with a sentence for the
   *     user: the exit code is 1
   */
  ServerBuilder server(List<String> arguments, Listen listen) throws IOException;
}
