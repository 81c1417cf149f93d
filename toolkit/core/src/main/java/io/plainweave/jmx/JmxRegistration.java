package io.plainweave.jmx;

import io.plainweave.server.Server;
import java.lang.management.ManagementFactory;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * Keeps a server in the platform's MBean server, as a {@link ServerMXBean} named {@code
 * io.plainweave:type=Server,name=NAME}, until it is closed. JConsole, jmxterm and JMX exporters see
 * it there.
 *
 * {@snippet file="io/plainweave/jmx/JmxTest.java" region="registration"}
 *
 * <p>Nothing is counted for it on the way of a message. Whoever may connect to the JMX agent may
 * end connections and the server: an agent for other machines needs authentication and TLS.
 */
public final class JmxRegistration implements AutoCloseable {
  private final MBeanServer beans;
  private final ObjectName name;

  private JmxRegistration(MBeanServer beans, ObjectName name) {
    this.beans = beans;
    this.name = name;
  }

  /**
   * Registers a server.
   *
   * @param server which
   * @param name of any form; it tells the servers of a process apart
   * @return what ends the registration
   * @throws IllegalArgumentException if there is one of that name
   */
  public static JmxRegistration register(Server server, String name) {
    MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    try {
      var objectName = new ObjectName("io.plainweave:type=Server,name=" + value(name));
      beans.registerMBean(new ServerBean(server), objectName);
      return new JmxRegistration(beans, objectName);
    } catch (InstanceAlreadyExistsException e) {
      throw new IllegalArgumentException("there is a server of that name: " + name, e);
    } catch (JMException e) {
      throw new IllegalStateException("the server cannot be registered: " + name, e);
    }
  }

  private static String value(String name) {
    return name.matches("[\\w .-]+") ? name : ObjectName.quote(name);
  }

  /** {@return under which name it is registered} */
  public ObjectName name() {
    return name;
  }

  /** Takes the server out. Has no effect if somebody else has done so. */
  @Override
  public void close() {
    try {
      beans.unregisterMBean(name);
    } catch (InstanceNotFoundException gone) {
      // So it was to be.
    } catch (JMException e) {
      throw new IllegalStateException("the server cannot be taken out: " + name, e);
    }
  }
}
