package io.plainweave.simulation.rewriting;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.reflect.AccessFlag;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Knows of classes of the toolkit which of their fields are volatile. */
final class VolatileFields {
  private final Map<String, Set<String>> known = new ConcurrentHashMap<>();

  /** Whether a class, named as in a class file, or a superclass of it has such a field. */
  boolean has(String owner, String field) {
    return Rewriter.isOfToolkit(owner) && of(owner).contains(field);
  }

  private Set<String> of(String owner) {
    Set<String> there = known.get(owner);
    if (there == null) {
      there = read(owner);
      known.put(owner, there);
    }
    return there;
  }

  private Set<String> read(String owner) {
    try (InputStream file =
        VolatileFields.class.getClassLoader().getResourceAsStream(owner + ".class")) {
      if (file == null) {
        return Set.of();
      }
      ClassModel model = ClassFile.of().parse(file.readAllBytes());
      Set<String> found = new HashSet<>();
      for (FieldModel field : model.fields()) {
        if (field.flags().has(AccessFlag.VOLATILE)) {
          found.add(field.fieldName().stringValue());
        }
      }
      model
          .superclass()
          .ifPresent(above -> {
            if (Rewriter.isOfToolkit(above.asInternalName())) {
              found.addAll(of(above.asInternalName()));
            }
          });
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
