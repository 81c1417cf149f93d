package io.plainweave.loadtests.peers;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
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
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** Netty: the echo server of its user guide, with an idle handler and a channel group. */
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
  private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

  NettyPeer(Transport transport, SslContext tls) {
    this.transport = transport;
    this.tls = tls;
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
                    channel
                        .pipeline()
                        .addLast(new IdleStateHandler(0, 0, idle, TimeUnit.SECONDS), new Echo());
                  }
                });
    Channel listener = bootstrap.bind(port).sync().channel();
    return (InetSocketAddress) listener.localAddress();
  }

  /** Writes back what it reads, and flushes when there is nothing more to read for now. */
  private final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext context) {
      open.add(context.channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      context.write(message, context.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      // A peer that does not read must not fill the memory. What was written but not flushed counts
      // too, and may have a place in the socket.
      if (!context.channel().isWritable()) {
        context.flush();
      }
      context.channel().config().setAutoRead(context.channel().isWritable());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof IdleStateEvent) {
        context.close();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
