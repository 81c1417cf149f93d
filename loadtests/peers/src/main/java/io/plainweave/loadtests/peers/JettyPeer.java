package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.Executors;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Jetty: selectors that wait, and a virtual thread for each request. */
final class JettyPeer implements Peer {
  private static final HttpField TYPE =
      new PreEncodedHttpField(HttpHeader.CONTENT_TYPE, Hello.TYPE);

  @Override
  public InetSocketAddress start(int port, int threads) throws IOException {
    QueuedThreadPool pool = new QueuedThreadPool();
    pool.setVirtualThreadsExecutor(Executors.newVirtualThreadPerTaskExecutor());
    Server server = new Server(pool);
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setSendServerVersion(false); // the others do not say it either
    ServerConnector connector =
        new ServerConnector(server, 1, threads, new HttpConnectionFactory(configuration));
    connector.setPort(port);
    connector.setAcceptQueueSize(BACKLOG);
    connector.setIdleTimeout(IDLE_TIMEOUT.toMillis());
    server.addConnector(connector);
    server.setHandler(new Answer());
    try {
      server.start();
    } catch (Exception e) {
      throw new IOException("cannot start", e);
    }
    return new InetSocketAddress(connector.getLocalPort());
  }

  /** It may block, as far as Jetty knows, so it runs on a virtual thread. */
  private static final class Answer extends Handler.Abstract {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      if (!HttpMethod.GET.is(request.getMethod())
          || !request.getHttpURI().getPath().equals(Hello.PATH)) {
        return false;
      }
      response.getHeaders().put(TYPE);
      response.write(true, ByteBuffer.wrap(Hello.BODY), callback);
      return true;
    }
  }
}
