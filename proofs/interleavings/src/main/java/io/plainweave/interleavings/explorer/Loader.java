package io.plainweave.interleavings.explorer;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Loads the toolkit and the scenarios once more, with a {@linkplain Points point} before each
 * access to a field that is not final, and before each call of what threads meet at. With a {@link
 * Twin} it loads them with one fault.
 */
final class Loader extends ClassLoader {
  private static final String OURS = "io.plainweave.";
  private static final String EXPLORER = Loader.class.getPackageName() + ".";

  /** What stands for the kernel, whose calls are one step each. */
  private static final String MODELS = ".Model";

  private static final ClassDesc POINTS = Points.class.describeConstable().orElseThrow();
  private static final ClassDesc THREAD = ClassDesc.of("java.lang.Thread");
  private static final MethodTypeDesc REACHED =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int);

  private final ClassFile files;
  private final Optional<Twin> twin;

  /** How often the fault was put in. */
  private int faults;

  /** By the name of a class: the names of its fields that are final. */
  private final Map<String, Map<String, Boolean>> finals = new HashMap<>();

  Loader(Optional<Twin> twin) {
    super(Loader.class.getClassLoader());
    this.twin = twin;
    this.files =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(getParent())));
  }

  int faults() {
    return faults;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(OURS) || name.startsWith(EXPLORER)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : load(name);
    }
  }

  private Class<?> load(String name) throws ClassNotFoundException {
    ClassModel before = model(name.replace('.', '/'));
    byte[] after =
        files.transformClass(
            before,
            (to, element) -> {
              if (element instanceof MethodModel method && hasPoints(name, method)) {
                to.transformMethod(
                    method, MethodTransform.transformingCode(new Pointing(before, method)));
              } else {
                to.with(element);
              }
            });
    return defineClass(name, after, 0, after.length);
  }

  /** What is being made is not shared yet. */
  private static boolean hasPoints(String name, MethodModel method) {
    return !name.contains(MODELS) && !method.methodName().stringValue().startsWith("<");
  }

  private ClassModel model(String path) throws ClassNotFoundException {
    try (InputStream file = getParent().getResourceAsStream(path + ".class")) {
      if (file == null) {
        throw new ClassNotFoundException(path);
      }
      return files.parse(file.readAllBytes());
    } catch (IOException e) {
      throw new ClassNotFoundException(path, e);
    }
  }

  private boolean isFinal(String owner, String field) {
    Map<String, Boolean> fields = finals.get(owner);
    if (fields == null) {
      fields = new HashMap<>();
      try {
        for (var each : model(owner).fields()) {
          fields.put(each.fieldName().stringValue(), each.flags().has(AccessFlag.FINAL));
        }
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException(e);
      }
      finals.put(owner, fields);
    }
    // What is inherited is taken for shared.
    return fields.getOrDefault(field, false);
  }

  /** Puts the points in, and the fault. */
  private final class Pointing implements CodeTransform {
    private final ClassModel in;
    private final String method;
    private int line;
    private int matches;

    Pointing(ClassModel in, MethodModel method) {
      this.in = in;
      this.method = method.methodName().stringValue();
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      if (element instanceof LineNumber number) {
        line = number.line();
      }
      String what =
          switch (element) {
            case FieldInstruction field when isShared(field) -> field.name().stringValue();
            case InvokeInstruction call when isShared(call) -> call.name().stringValue() + "()";
            default -> null;
          };
      if (what != null) {
        int point = Points.add(in.thisClass().asInternalName() + ":" + line + " " + what);
        code.loadConstant(point).invokestatic(POINTS, "reached", REACHED);
      }
      if (element instanceof InvokeInstruction call && isPause(call)) {
        code.invokestatic(THREAD, "yield", MethodTypeDesc.of(ConstantDescs.CD_void));
      } else if (element instanceof InvokeInstruction call
          && twin.isPresent()
          && twin.get().isAt(in, method, call)
          && (twin.get().which() == 0 || twin.get().which() == ++matches)) {
        faults++;
        Twin.replace(code, call);
      } else {
        code.with(element);
      }
    }

    /** A wait that ends by itself takes no time here. */
    private static boolean isPause(InvokeInstruction call) {
      return call.owner().asInternalName().equals("io/plainweave/internal/thread/Shortage")
          && call.name().stringValue().equals("pause");
    }

    private boolean isShared(FieldInstruction field) {
      String owner = field.owner().asInternalName();
      return owner.startsWith("io/plainweave/") && !isFinal(owner, field.name().stringValue());
    }

    private static boolean isShared(InvokeInstruction call) {
      String owner = call.owner().asInternalName();
      return owner.startsWith("java/util/concurrent/")
          || (owner.equals("java/lang/Thread") && call.name().stringValue().contains("nterrupt"));
    }
  }
}
