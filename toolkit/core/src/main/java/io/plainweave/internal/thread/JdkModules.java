package io.plainweave.internal.thread;

/**
 * The modules of the JDK that an image of jlink can lack where the toolkit is on the class path.
 * What names their types has to ask before it runs.
 */
public final class JdkModules {
  /** The beans of the JVM that are not those of every Java: descriptors, carriers, options. */
  public static final boolean MANAGEMENT = has("jdk.management");

  /** The socket options that not every system has. */
  public static final boolean NET = has("jdk.net");

  private JdkModules() {}

  private static boolean has(String name) {
    return ModuleLayer.boot()
        .findModule(name)
        .filter(JdkModules.class.getModule()::canRead)
        .isPresent();
  }
}
