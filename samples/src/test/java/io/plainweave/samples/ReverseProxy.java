package io.plainweave.samples;

import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A real reverse proxy before one sample or several.
 *
 * @param port where it listens, on 127.0.0.1
 */
record ReverseProxy(ChildProcess process, int port) implements AutoCloseable {
  /**
   * How it is set up: as its documentation recommends for streams, and to use connections again.
   */
  enum Kind {
    NGINX {
      @Override
      String configuration(Path folder, int port, List<Integer> upstreams) {
        String servers =
            upstreams.stream()
                .map("server 127.0.0.1:%d;"::formatted)
                .collect(Collectors.joining(" "));
        return """
        daemon off;
        master_process off;
        pid FOLDER/nginx.pid;
        events { worker_connections 200; }
        http {
          access_log off;
          client_body_temp_path FOLDER/client;
          proxy_temp_path FOLDER/proxy;
          fastcgi_temp_path FOLDER/fastcgi;
          uwsgi_temp_path FOLDER/uwsgi;
          scgi_temp_path FOLDER/scgi;
          client_max_body_size 0;
          upstream samples { SERVERS keepalive 8; }
          server {
            listen 127.0.0.1:PORT;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
            proxy_buffering off;
            location / { proxy_pass http://samples; }
          }
        }
        """
            .replace("FOLDER", folder.toString())
            .replace("PORT", Integer.toString(port))
            .replace("SERVERS", servers);
      }

      @Override
      List<String> command(Path folder, Path file) {
        return List.of(
            "nginx", "-e", folder.resolve("nginx.log").toString(), "-c", file.toString());
      }
    },

    HAPROXY {
      @Override
      String configuration(Path folder, int port, List<Integer> upstreams) {
        String servers =
            upstreams.stream()
                .map(upstream -> "  server s%1$d 127.0.0.1:%1$d\n".formatted(upstream))
                .collect(Collectors.joining());
        return """
        global
          maxconn 200
        defaults
          mode http
          timeout connect 10s
          timeout client 20s
          timeout server 20s
          retries 3
          option redispatch 1
          retry-on all-retryable-errors
          http-reuse always
        frontend front
          bind 127.0.0.1:PORT
          http-request disable-l7-retry if METH_POST
          default_backend samples
        backend samples
        SERVERS
        """
            .replace("PORT", Integer.toString(port))
            .replace("SERVERS", servers);
      }

      @Override
      List<String> command(Path folder, Path file) {
        return List.of("haproxy", "-db", "-f", file.toString());
      }
    };

    abstract String configuration(Path folder, int port, List<Integer> upstreams);

    abstract List<String> command(Path folder, Path file);
  }

  /** Starts it before samples, and waits until it listens. */
  static ReverseProxy start(Kind kind, Path parent, SampleProcess... samples) throws Exception {
    Path folder = Files.createTempDirectory(parent, "proxy");
    int port = FreePort.next();
    List<Integer> upstreams = List.of(samples).stream().map(SampleProcess::port).toList();
    Path file = folder.resolve("configuration");
    Files.writeString(file, kind.configuration(folder, port, upstreams));
    ChildProcess process =
        ChildProcess.start(folder, kind.command(folder, file).toArray(String[]::new));
    boolean listens = false;
    try {
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> !process.isAlive() || !Client.isRefused(port));
      listens = process.isAlive();
      if (!listens) {
        throw new AssertionError(kind + " does not run: " + process.stderr());
      }
      return new ReverseProxy(process, port);
    } finally {
      if (!listens) {
        process.close();
      }
    }
  }

  String url(String path) {
    return "http://127.0.0.1:" + port + path;
  }

  @Override
  public void close() throws InterruptedException {
    process.close();
  }
}
