package io.plainweave.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.faults.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Certificates for tests, made by openssl as an administrator would. A subject NAME is in the files
 * NAME.pem (its certificate and that of the authority) and NAME.key (PKCS#8).
 */
public final class CertificateAuthority {
  private final Path folder;
  private final String name;

  private CertificateAuthority(Path folder, String name) {
    this.folder = folder;
    this.name = name;
  }

  /** Makes an authority with its files in this folder. */
  public static CertificateAuthority in(Path folder, String name) throws Exception {
    Machine.needs("openssl");
    var made = new CertificateAuthority(folder, name);
    made.request(name, List.of("-addext", "basicConstraints=critical,CA:TRUE"), "EC");
    return made;
  }

  /** The certificate of the authority. */
  public Path certificate() {
    return folder.resolve(name + ".pem");
  }

  /** Issues a certificate with names as openssl writes them, {@code DNS:a.example}. */
  public Identity issue(String subject, String... alternativeNames) throws Exception {
    return issue(subject, "EC", alternativeNames);
  }

  /** Issues one for a key of type EC or RSA. */
  public Identity issue(String subject, String keyType, String[] alternativeNames)
      throws Exception {
    List<String> options = new ArrayList<>(List.of("-addext", "basicConstraints=CA:FALSE"));
    if (alternativeNames.length > 0) {
      options.addAll(List.of("-addext", "subjectAltName=" + String.join(",", alternativeNames)));
    }
    options.addAll(List.of("-CA", certificate().toString(), "-CAkey", key(name).toString()));
    request(subject, options, keyType);
    Files.writeString(
        chain(subject), Files.readString(chain(subject)) + Files.readString(certificate()));
    return Identity.pem(chain(subject), key(subject));
  }

  /** Issues a certificate that was valid for one day, long ago. */
  public Identity issueExpired(String subject) throws Exception {
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + key(subject));
    Path request = folder.resolve(subject + ".csr");
    openssl("req -new -key " + key(subject) + " -subj /CN=" + subject + " -out " + request);
    Path settings = folder.resolve(subject + ".cnf");
    Files.writeString(
        settings,
        """
        [ca]
        default_ca = it
        [it]
        database = FOLDER/index
        new_certs_dir = FOLDER
        rand_serial = yes
        default_md = sha256
        policy = any
        [any]
        commonName = supplied
        """
            .replace("FOLDER", folder.toString()));
    Files.writeString(folder.resolve("index"), "");
    openssl(
        "ca -batch -notext -config %s -cert %s -keyfile %s -in %s -out %s -startdate 20200101000000Z -enddate 20200102000000Z"
            .formatted(settings, certificate(), key(name), request, chain(subject)));
    return Identity.pem(chain(subject), key(subject));
  }

  private void request(String subject, List<String> options, String keyType) throws Exception {
    String key =
        keyType.equals("EC") ? "-newkey ec -pkeyopt ec_paramgen_curve:P-256" : "-newkey rsa:2048";
    List<String> command =
        new ArrayList<>(
            List.of(
                ("req -x509 -nodes -days 30 -subj /CN=%s -keyout %s -out %s " + key)
                    .formatted(subject, key(subject), chain(subject))
                    .split(" ")));
    command.addAll(options);
    run(command);
  }

  public Path chain(String subject) {
    return folder.resolve(subject + ".pem");
  }

  public Path key(String subject) {
    return folder.resolve(subject + ".key");
  }

  /** Runs openssl with words that hold no space. */
  public static void openssl(String words) throws IOException, InterruptedException {
    run(Arrays.asList(words.split(" ")));
  }

  private static void run(List<String> words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(words);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(
        0, process.waitFor(), () -> command.stream().collect(Collectors.joining(" ")) + output);
  }
}
