package io.plainweave.simulation.rewriting;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import io.plainweave.simulation.machine.Seams;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * Lets this process rewrite classes when they are loaded: an agent that it attaches to itself
 * ({@code -Djdk.attach.allowAttachSelf=true}). It has to come before the toolkit is loaded.
 */
public final class Attachment {
  private static final String TIME = "io/plainweave/simulation/boot/SimulatedTime.class";

  private static boolean done;

  /** Set by the agent, which runs before {@code loadAgent} returns. */
  private static volatile Instrumentation instrumentation;

  private Attachment() {}

  /** Called by the JVM. */
  public static void agentmain(String jar, Instrumentation given) throws IOException {
    given.appendToBootstrapClassLoaderSearch(new JarFile(jar));
    instrumentation = given;
  }

  /** Rewrites what is there of the JDK, and from now on the toolkit; does it once. */
  public static synchronized void ensure() {
    if (done) {
      return;
    }
    try {
      attach();
      instrumentation.addTransformer(new Rewriter(), true);
      instrumentation.retransformClasses(
          AbstractQueuedSynchronizer.class,
          AbstractQueuedSynchronizer.ConditionObject.class,
          CompletableFuture.class,
          Class.forName("java.util.concurrent.CompletableFuture$Signaller"),
          FutureTask.class);
      refuseLoaded();
      done = true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ReflectiveOperationException
        | UnmodifiableClassException
        | AttachNotSupportedException
        | AgentLoadException
        | AgentInitializationException e) {
      throw new IllegalStateException("cannot rewrite classes: " + e, e);
    }
  }

  private static void attach()
      throws IOException,
          AttachNotSupportedException,
          AgentLoadException,
          AgentInitializationException {
    Path jar = Files.createTempFile("plainweave-simulation", ".jar");
    jar.toFile().deleteOnExit();
    write(jar);
    VirtualMachine self = VirtualMachine.attach(Long.toString(ProcessHandle.current().pid()));
    try {
      self.loadAgent(jar.toString(), jar.toString());
    } finally {
      self.detach();
    }
  }

  private static void write(Path jar) throws IOException {
    var manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue("Agent-Class", Attachment.class.getName());
    main.putValue("Can-Retransform-Classes", "true");
    try (OutputStream file = Files.newOutputStream(jar);
        var entries = new JarOutputStream(file, manifest);
        InputStream time = Seams.class.getClassLoader().getResourceAsStream(TIME)) {
      entries.putNextEntry(new JarEntry(TIME));
      Objects.requireNonNull(time, TIME).transferTo(entries);
    }
  }

  /** What was loaded before is as it was: then the simulation would not be one. */
  private static void refuseLoaded() {
    for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
      String name = loaded.getName().replace('.', '/');
      if (Rewriter.isOfToolkit(name)) {
        throw new IllegalStateException("loaded before it could be rewritten: " + name);
      }
    }
  }
}
