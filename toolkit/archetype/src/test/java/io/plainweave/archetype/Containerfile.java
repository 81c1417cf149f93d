package io.plainweave.archetype;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Containerfile, carried out without an engine: each stage is a folder, which has the system of
 * this machine beside what the instructions put into it. An instruction that is not known is an
 * error, and so is one whose form is not.
 */
final class Containerfile {
  private static final Pattern FROM = Pattern.compile("(\\S+)(?: AS (\\S+))?");
  private static final Pattern COPY = Pattern.compile("(?:--from=(\\S+) )?(\\S+) (\\S+)");
  private static final Pattern ENV = Pattern.compile("(\\w+)=(\\S+)");
  private static final Pattern ARGUMENT = Pattern.compile("\"([^\"]*)\"");
  private static final String IMAGE_OF_JAVA = "docker.io/library/eclipse-temurin:25-jdk";

  private final Path context;
  private final Path place;
  private final Map<String, Stage> stages = new HashMap<>();

  /** The one that is made; null before the first FROM. */
  private Stage stage;

  Containerfile(Path context, Path place) {
    this.context = context;
    this.place = place;
  }

  /** Carries out all of it, and returns the last stage. */
  Stage build() throws IOException, InterruptedException {
    String text = Files.readString(context.resolve("Containerfile")).replace("\\\n", " ");
    for (String line : text.lines().filter(it -> !it.isBlank() && !it.startsWith("#")).toList()) {
      int space = line.indexOf(' ');
      String rest = line.substring(space + 1).strip();
      switch (line.substring(0, space)) {
        case "FROM" -> from(match(FROM, rest));
        case "COPY" -> copy(match(COPY, rest));
        case "RUN" -> stage.run(rest);
        case "ENV" -> {
          MatchResult variable = match(ENV, rest);
          stage.environment.put(variable.group(1), variable.group(2));
        }
        case "EXPOSE" -> stage.ports.addAll(List.of(rest.split(" ")));
        case "USER" -> stage.user = rest;
        case "ENTRYPOINT" -> stage.entryPoint.addAll(list(rest));
        default -> throw new IllegalArgumentException("an instruction that is not known: " + line);
      }
    }
    return stage;
  }

  private static MatchResult match(Pattern pattern, String text) {
    var matcher = pattern.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("a form that is not known: " + text);
    }
    return matcher.toMatchResult();
  }

  private void from(MatchResult from) throws IOException {
    Path root = Files.createDirectories(place.resolve("stage-" + stages.size()));
    stage = new Stage(root, from.group(1).equals(IMAGE_OF_JAVA));
    String name = from.group(2);
    stages.put(name == null ? "the last" : name, stage);
  }

  private void copy(MatchResult copy) throws IOException {
    Path root = copy.group(1) == null ? context : stages.get(copy.group(1)).root;
    Path source = root.resolve(copy.group(2).replaceAll("^/", ""));
    String to = copy.group(3);
    Path target = stage.root.resolve(to.replaceAll("^/", ""));
    if (Files.isDirectory(source)) {
      copyAll(source, target); // what is in it
    } else {
      Path file = to.endsWith("/") ? target.resolve(source.getFileName()) : target;
      Files.createDirectories(file.getParent());
      Files.copy(source, file, StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  private static void copyAll(Path source, Path target) throws IOException {
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : files.toList()) {
        Path copied = target.resolve(source.relativize(file).toString());
        Files.createDirectories(copied.getParent());
        Files.copy(file, copied, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private static List<String> list(String text) {
    if (!text.startsWith("[")) {
      throw new IllegalArgumentException("a shell before the server: " + text);
    }
    return ARGUMENT.matcher(text).results().map(argument -> argument.group(1)).toList();
  }

  /** What one FROM begins. */
  static final class Stage {
    /**
     * Makes a root of a folder, with the system of this machine in it, to read. A first argument of
     * "ro" lets nothing else be written either, but below /tmp, as in Kubernetes.
     */
    private static final String ENTER =
        """
        set -e
        mode=$1 root=$2 jdk=$3
        shift 3
        mount --bind "$root" "$root"
        for folder in bin lib lib64 usr etc dev proc tmp; do
          if [ -L /$folder ]; then
            [ -L "$root/$folder" ] || cp -P /$folder "$root/$folder"
          elif [ -d /$folder ]; then
            mkdir -p "$root/$folder"
          fi
        done
        [ -z "$jdk" ] || mkdir -p "$root/opt/java/openjdk"
        mount -o "remount,bind,$mode" "$root"
        mount --rbind /dev "$root/dev"
        for folder in bin lib lib64 usr etc; do
          if [ ! -L /$folder ] && [ -d /$folder ]; then
            mount --bind /$folder "$root/$folder"
            mount -o remount,bind,ro "$root/$folder"
          fi
        done
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/tmp"
        [ -z "$jdk" ] || mount --bind "$jdk" "$root/opt/java/openjdk"
        exec "$@"
        """;

    private final Path root;
    private final boolean hasJava;
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> ports = new ArrayList<>();
    private final List<String> entryPoint = new ArrayList<>();
    private String user = "0";

    private Stage(Path root, boolean hasJava) {
      this.root = root;
      this.hasJava = hasJava;
      environment.put(
          "PATH", (hasJava ? "/opt/java/openjdk/bin:" : "") + "/usr/local/bin:/usr/bin:/bin");
    }

    Path root() {
      return root;
    }

    List<String> ports() {
      return ports;
    }

    String user() {
      return user;
    }

    Map<String, String> environment() {
      return environment;
    }

    List<String> entryPoint() {
      return entryPoint;
    }

    private void run(String line) throws IOException, InterruptedException {
      var builder = new ProcessBuilder(inside("rw", List.of("/bin/sh", "-c", line)));
      builder.environment().clear();
      builder.environment().putAll(environment);
      builder.environment().put("JAVA_TOOL_OPTIONS", Project.QUICK);
      Project.output(builder, 120);
    }

    /** A command that runs another one in this root, as process 1 and as its user. */
    List<String> inside(String mode, List<String> command) {
      List<String> all = new ArrayList<>();
      all.addAll(List.of("/usr/bin/unshare", "--mount", "--pid", "--fork", "--kill-child"));
      all.addAll(List.of("/bin/sh", "-c", ENTER, "enter", mode, root.toString()));
      all.add(hasJava ? Project.JDK.toString() : "");
      all.addAll(List.of("/usr/sbin/chroot", "--userspec=" + user + ":" + user, root.toString()));
      all.addAll(command);
      return all;
    }
  }
}
