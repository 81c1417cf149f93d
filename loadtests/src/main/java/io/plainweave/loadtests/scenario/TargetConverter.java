package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.control.Target;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a target as people write it: {@code server:7000}, {@code [::1]:7000}. */
public final class TargetConverter implements ITypeConverter<Target> {
  @Override
  public Target convert(String value) {
    try {
      return Target.parse(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
