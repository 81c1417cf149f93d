package io.plainweave.loadtests.server;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.loadtests.mqtt.Packets;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/** The broker of {@code samples/Mqtt.java}, as it is, in a server of a run. */
final class SampleBroker {
  private SampleBroker() {}

  /**
   * Returns the handler of a new broker.
   *
   * @param classes the folder of the sample's classes
   */
  static Handler load(Path classes) throws IOException, ReflectiveOperationException {
    // For the life of the process.
    var loader = new URLClassLoader(new URL[] {classes.toUri().toURL()});
    Constructor<?> constructor = loader.loadClass("Mqtt").getDeclaredConstructor();
    constructor.setAccessible(true); // the class of a source file without one is nobody else's
    Object broker = constructor.newInstance();
    Method serve = broker.getClass().getDeclaredMethod("serve", Connection.class);
    serve.setAccessible(true);
    return connection -> {
      try {
        serve.invoke(broker, connection);
      } catch (InvocationTargetException e) {
        if (e.getCause() instanceof Exception failure) {
          throw failure;
        }
        throw e;
      }
    };
  }

  /** Publishes to everybody who has subscribed at this address of a broker. */
  static void publish(InetSocketAddress address) throws IOException {
    try (Socket publisher = new Socket(address.getAddress(), address.getPort())) {
      publisher.getOutputStream().write(Packets.publisher(System.nanoTime()));
      publisher.getInputStream().readAllBytes(); // the broker ends it when all is done
    }
  }
}
