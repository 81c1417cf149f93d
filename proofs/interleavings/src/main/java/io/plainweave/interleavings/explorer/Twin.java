package io.plainweave.interleavings.explorer;

import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.util.List;

/**
 * A machine with one fault: some calls in one of its methods are left out, and what they return is
 * true, zero or null. A checker that does not find it has not checked that.
 *
 * @param machine the simple name of the class
 * @param within the name of the method that calls
 * @param calls the names of what is called
 * @param which of these calls, counted from 1; 0 for all
 */
public record Twin(String machine, String within, List<String> calls, int which) {
  /** One that leaves out each of these calls. */
  public static Twin without(String machine, String within, String... calls) {
    return new Twin(machine, within, List.of(calls), 0);
  }

  /** The same with one of the calls only. */
  public Twin only(int which) {
    return new Twin(machine, within, calls, which);
  }

  boolean isAt(ClassModel in, String method, InvokeInstruction call) {
    return in.thisClass().asInternalName().endsWith("/" + machine)
        && method.equals(within)
        && calls.contains(call.name().stringValue());
  }

  /** Takes the arguments, and leaves what stands for the result. */
  static void replace(CodeBuilder code, InvokeInstruction call) {
    for (ClassDesc argument : call.typeSymbol().parameterList().reversed()) {
      pop(code, TypeKind.from(argument));
    }
    if (call.opcode() != Opcode.INVOKESTATIC) {
      code.pop();
    }
    switch (TypeKind.from(call.typeSymbol().returnType())) {
      case VOID -> {}
      case BOOLEAN -> code.iconst_1();
      case INT -> code.iconst_0();
      case LONG -> code.lconst_0();
      default -> code.aconst_null();
    }
  }

  private static void pop(CodeBuilder code, TypeKind kind) {
    if (kind.slotSize() == 2) {
      code.pop2();
    } else {
      code.pop();
    }
  }

  @Override
  public String toString() {
    String what = machine + "." + within + " without " + String.join(", ", calls);
    return which == 0 ? what : what + " (number " + which + ")";
  }
}
