package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** A certificate for localhost that signs itself, in two PEM files. */
final class Certificate {
  private Certificate() {}

  static Path chain(Path folder) {
    return folder.resolve("chain.pem");
  }

  static Path key(Path folder) {
    return folder.resolve("key.pem");
  }

  static void in(Path folder) throws IOException, InterruptedException {
    String words =
        "openssl req -x509 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
            + " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout "
            + key(folder)
            + " -out "
            + chain(folder);
    Process openssl =
        new ProcessBuilder(words.split(" "))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (openssl.waitFor() != 0) {
      throw new IOException(words);
    }
  }

  /** Sockets that trust it. */
  static SSLSocketFactory trusting(Path folder) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream chain = Files.newInputStream(chain(folder))) {
      trusted.setCertificateEntry(
          "localhost", CertificateFactory.getInstance("X.509").generateCertificate(chain));
    }
    var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context.getSocketFactory();
  }
}
