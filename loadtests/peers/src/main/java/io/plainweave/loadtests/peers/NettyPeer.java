package io.plainweave.loadtests.peers;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * Netty: the echo server of its user guide, or the HTTP server of its examples, with an idle
 * handler and a channel group.
 */
final class NettyPeer implements Peer {
  enum Transport {
    NIO,
    EPOLL;

    IoHandlerFactory ioHandler() {
      return this == EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    }

    Class<? extends ServerChannel> channel() {
      return this == EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }
  }

  private final Transport transport;
  private final SslContext tls; // null for none
  private final boolean http;
  private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

  private NettyPeer(Transport transport, SslContext tls, boolean http) {
    this.transport = transport;
    this.tls = tls;
    this.http = http;
  }

  static NettyPeer echo(Transport transport, SslContext tls) {
    return new NettyPeer(transport, tls, false);
  }

  static NettyPeer http(Transport transport) {
    return new NettyPeer(transport, null, true);
  }

  @Override
  public InetSocketAddress start(int port, int threads) throws InterruptedException {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(new MultiThreadIoEventLoopGroup(threads, transport.ioHandler()))
            .channel(transport.channel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    if (tls != null) {
                      channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                    }
                    long idle = IDLE_TIMEOUT.toSeconds();
                    channel.pipeline().addLast(new IdleStateHandler(0, 0, idle, TimeUnit.SECONDS));
                    if (http) {
                      channel.pipeline().addLast(new HttpServerCodec(), new NettyHello(open));
                    } else {
                      channel.pipeline().addLast(new NettyEcho(open));
                    }
                  }
                });
    Channel listener = bootstrap.bind(port).sync().channel();
    return (InetSocketAddress) listener.localAddress();
  }
}
