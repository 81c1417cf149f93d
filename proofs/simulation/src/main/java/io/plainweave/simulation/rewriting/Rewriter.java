package io.plainweave.simulation.rewriting;

import static java.lang.constant.ConstantDescs.CD_long;

import io.plainweave.simulation.machine.PlatformThreads;
import io.plainweave.simulation.machine.Seams;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.Set;

/**
 * Rewrites calls of the JDK through which a class would come to the time, the threads, the
 * selectors or the chance of this machine: they go to {@link Seams} instead, and nothing else is
 * changed. In the classes of the toolkit whose threads meet, it adds {@link Seams#point()} before
 * each step that another thread may see or bring about: there the simulation may let another one
 * run.
 */
final class Rewriter implements ClassFileTransformer {
  private static final ClassDesc SEAMS = desc(Seams.class);
  private static final ClassDesc PLATFORM = desc(PlatformThreads.class);
  private static final ClassDesc TIME = ClassDesc.of("io.plainweave.simulation.boot.SimulatedTime");
  private static final ClassDesc JDK_PLATFORM = desc(Thread.Builder.OfPlatform.class);
  private static final ClassDesc RANDOM = desc(java.util.Random.class);
  private static final MethodTypeDesc NANOS = MethodTypeDesc.of(CD_long);
  private static final MethodTypeDesc NOTHING = MethodTypeDesc.ofDescriptor("()V");

  /** Static methods of the JDK that {@link Seams} has by the same name. */
  private static final Map<String, Set<String>> REPLACED =
      Map.of(
          "java/lang/Thread",
          Set.of("ofVirtual", "ofPlatform", "startVirtualThread", "onSpinWait"),
          "java/nio/channels/Selector",
          Set.of("open"),
          "java/nio/channels/Pipe",
          Set.of("open"),
          "java/util/concurrent/ThreadLocalRandom",
          Set.of("current"));

  /** Whose threads meet; without those that do so while the network holds a monitor. */
  private static final Set<String> WITH_POINTS =
      Set.of(
          "io/plainweave/server/",
          "io/plainweave/client/",
          "io/plainweave/messaging/",
          "io/plainweave/internal/connection/",
          "io/plainweave/internal/admission/",
          "io/plainweave/internal/transport/",
          "io/plainweave/internal/socket/",
          "io/plainweave/internal/thread/");

  private static final Set<String> WITHOUT_POINTS =
      Set.of("io/plainweave/internal/transport/SelfPipe", "io/plainweave/server/WarmUp");

  private final VolatileFields volatileFields = new VolatileFields();

  private static ClassDesc desc(Class<?> of) {
    return of.describeConstable().orElseThrow();
  }

  /** Whether a class, named as in a class file, runs in the simulation. */
  static boolean isOfToolkit(String name) {
    return name.startsWith("io/plainweave/") && !name.startsWith("io/plainweave/simulation/");
  }

  private static boolean hasPoints(String name) {
    return WITH_POINTS.stream().anyMatch(name::startsWith)
        && WITHOUT_POINTS.stream().noneMatch(name::startsWith);
  }

  @Override
  public byte[] transform(
      ClassLoader loader, String name, Class<?> before, ProtectionDomain domain, byte[] file) {
    boolean ofJdk = before != null && name.startsWith("java/util/concurrent/");
    if (!ofJdk && !isOfToolkit(name)) {
      return null;
    }
    try {
      ClassFile format = ClassFile.of();
      return format.transformClass(
          format.parse(file),
          ofJdk
              ? ClassTransform.transformingMethodBodies(Rewriter::rewriteTime)
              : (builder, element) -> rewrite(builder, element, hasPoints(name)));
    } catch (RuntimeException | Error e) {
      // The JVM would keep it to itself, and load the class as it is.
      e.printStackTrace();
      Runtime.getRuntime().halt(4);
      throw e;
    }
  }

  private void rewrite(ClassBuilder to, ClassElement element, boolean points) {
    if (!(element instanceof MethodModel method)) {
      to.with(element);
      return;
    }
    // A thread that initializes a class cannot leave its carrier.
    boolean withPoints = points && !method.methodName().equalsString("<clinit>");
    to.transformMethod(
        method, MethodTransform.transformingCode((code, each) -> rewrite(code, each, withPoints)));
  }

  private void rewrite(CodeBuilder code, CodeElement element, boolean points) {
    if (points && isSeenByOthers(element)) {
      code.invokestatic(SEAMS, "point", NOTHING);
    }
    switch (element) {
      case InvokeInstruction call -> rewriteCall(code, call);
      case InvokeDynamicInstruction lambda when isOnPlatformThreads(lambda.typeSymbol()) ->
          code.invokedynamic(rewritten(lambda));
      default -> code.with(element);
    }
  }

  /** All that is changed of the JDK, which sees of our classes only this one. */
  private static void rewriteTime(CodeBuilder code, CodeElement element) {
    if (element instanceof InvokeInstruction call && isNanoTime(call)) {
      code.invokestatic(TIME, "nanoTime", NANOS);
    } else {
      code.with(element);
    }
  }

  private static boolean isNanoTime(InvokeInstruction call) {
    return call.owner().asInternalName().equals("java/lang/System")
        && call.name().equalsString("nanoTime");
  }

  private boolean isSeenByOthers(CodeElement element) {
    return switch (element) {
      case FieldInstruction field ->
          volatileFields.has(field.owner().asInternalName(), field.name().stringValue());
      case InvokeInstruction call -> {
        String owner = call.owner().asInternalName();
        yield owner.startsWith("java/util/concurrent/")
            && !owner.startsWith("java/util/concurrent/TimeUnit")
            && !call.name().equalsString("<init>");
      }
      default -> false;
    };
  }

  private static void rewriteCall(CodeBuilder code, InvokeInstruction call) {
    String owner = call.owner().asInternalName();
    String name = call.name().stringValue();
    MethodTypeDesc type = call.typeSymbol();
    if (isNanoTime(call)) {
      code.invokestatic(TIME, name, NANOS);
    } else if (call.opcode() == Opcode.INVOKESTATIC
        && REPLACED.getOrDefault(owner, Set.of()).contains(name)
        && type.parameterCount() == (name.equals("startVirtualThread") ? 1 : 0)) {
      code.invokestatic(SEAMS, name.equals("open") ? nameOfOpen(owner) : name, returning(type));
    } else if (owner.equals("java/lang/Thread$Builder$OfPlatform")) {
      code.invokevirtual(PLATFORM, name, returning(type));
    } else if (owner.equals("java/util/concurrent/ThreadLocalRandom")) {
      code.invokevirtual(RANDOM, name, type);
    } else {
      code.with(call);
    }
  }

  private static boolean isOnPlatformThreads(MethodTypeDesc type) {
    return type.parameterCount() == 1 && type.parameterType(0).equals(JDK_PLATFORM);
  }

  /** A method reference to a builder of platform threads is one to ours. */
  private static DynamicCallSiteDesc rewritten(InvokeDynamicInstruction lambda) {
    MethodTypeDesc type = lambda.typeSymbol();
    ConstantDesc[] arguments = lambda.bootstrapArgs().toArray(ConstantDesc[]::new);
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] instanceof DirectMethodHandleDesc method) {
        MethodTypeDesc called = MethodTypeDesc.ofDescriptor(method.lookupDescriptor());
        arguments[i] =
            MethodHandleDesc.ofMethod(
                DirectMethodHandleDesc.Kind.VIRTUAL,
                PLATFORM,
                method.methodName(),
                returning(called));
      }
    }
    return DynamicCallSiteDesc.of(
        lambda.bootstrapMethod(),
        lambda.name().stringValue(),
        type.changeParameterType(0, PLATFORM),
        arguments);
  }

  private static String nameOfOpen(String owner) {
    return owner.endsWith("Pipe") ? "openPipe" : "openSelector";
  }

  private static MethodTypeDesc returning(MethodTypeDesc type) {
    ClassDesc result = type.returnType();
    if (result.equals(JDK_PLATFORM)) {
      return type.changeReturnType(PLATFORM);
    }
    return result.displayName().equals("ThreadLocalRandom") ? type.changeReturnType(RANDOM) : type;
  }
}
