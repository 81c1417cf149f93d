package io.plainweave.loadtests.tls;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Who all servers of a run are in TLS: one key, ECDSA on P-256, and a certificate for it that it
 * has signed itself.
 *
 * @param store a PKCS#12 file with both, opened by {@link #PASSWORD}
 * @param certificate the certificate as a PEM file
 * @param key the private key as a PEM file
 */
public record ServerIdentity(Path store, Path certificate, Path key) {
  /** The peers know it, too. It protects nothing: the key is as old as the run. */
  public static final String PASSWORD = "plainweave";

  private static final String ALIAS = "server";

  /**
   * Makes a new one, in files that are deleted when this process ends.
   *
   * @throws RunFailed if it cannot be made
   */
  public static ServerIdentity make() throws InterruptedException {
    try {
      Path folder = Files.createTempDirectory("identity-");
      ServerIdentity identity =
          new ServerIdentity(
              folder.resolve("server.p12"),
              folder.resolve("certificate.pem"),
              folder.resolve("key.pem"));
      // In reverse order, so the folder is empty then.
      folder.toFile().deleteOnExit();
      for (Path file : List.of(identity.store, identity.certificate, identity.key)) {
        file.toFile().deleteOnExit();
      }
      identity.write();
      return identity;
    } catch (IOException | GeneralSecurityException e) {
      throw new RunFailed("cannot make a certificate: " + e.getMessage(), e);
    }
  }

  /** Whether a certificate is the one of this identity. */
  public boolean certifies(Certificate shown) throws IOException {
    try {
      return Arrays.equals(load().getCertificate(ALIAS).getEncoded(), shown.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private KeyStore load() throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(new ByteArrayInputStream(Files.readAllBytes(store)), PASSWORD.toCharArray());
    return keys;
  }

  private void write() throws IOException, GeneralSecurityException, InterruptedException {
    runKeytool();
    KeyStore keys = load();
    writePem(certificate, "CERTIFICATE", keys.getCertificate(ALIAS).getEncoded());
    writePem(key, "PRIVATE KEY", keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
  }

  /** The JDK makes certificates by this program only. */
  private void runKeytool() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    String options =
        "-genkeypair -keyalg EC -groupname secp256r1 -sigalg SHA256withECDSA -dname CN=localhost"
            + " -ext san=dns:localhost,ip:127.0.0.1 -validity 2 -storetype PKCS12";
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of("-alias", ALIAS, "-storepass", PASSWORD, "-keystore", store.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException("keytool says " + said.strip());
    }
  }

  private static void writePem(Path file, String type, byte[] content) throws IOException {
    String encoded = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        file, "-----BEGIN " + type + "-----\n" + encoded + "\n-----END " + type + "-----\n");
  }
}
