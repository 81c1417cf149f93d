package io.plainweave.loadtests.peers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Netty's side of the guide's ten tasks")
@Timeout(30)
class NettyTasksTest {
  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  @AfterEach
  void stop() throws InterruptedException {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
  }

  // shown: begin echo
  static Channel echo(int port, EventLoopGroup group) throws InterruptedException {
    return new ServerBootstrap()
        .group(group)
        .channel(NioServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel.pipeline().addLast(new Echo());
              }
            })
        .bind(port)
        .sync()
        .channel();
  }

  static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      context.writeAndFlush(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }

  // shown: end

  private static int port(Channel server) {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  @Test
  void beginWithAnEcho() throws Exception {
    try (Socket client = new Socket("localhost", port(echo(0, group)))) {
      assertEquals("hello\n", exchange(client, "hello\n", 6));
    }
  }

  private static String exchange(Socket client, String text, int length) throws IOException {
    client.setSoTimeout(10_000);
    client.getOutputStream().write(text.getBytes(UTF_8));
    return new String(client.getInputStream().readNBytes(length), UTF_8);
  }

  // shown: begin lines
  static void initLines(SocketChannel channel) {
    channel
        .pipeline()
        .addLast(new LineBasedFrameDecoder(8_192), new StringDecoder(UTF_8))
        .addLast(new StringEncoder(UTF_8), new Greeter());
  }

  static final class Greeter extends SimpleChannelInboundHandler<String> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, String name) {
      context.writeAndFlush("hello " + name + "\n");
    }
  }

  // shown: end

  /** A server on a free port whose connections are made up so. */
  private int serve(Consumer<SocketChannel> init) throws InterruptedException {
    return port(
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    init.accept(channel);
                  }
                })
            .bind(0)
            .sync()
            .channel());
  }

  @Test
  void haveLines() throws Exception {
    try (Socket client = new Socket("localhost", serve(NettyTasksTest::initLines))) {
      assertEquals("hello Ada\n", exchange(client, "Ada\n", 10));
    }
  }

  // shown: begin frames
  static void initFrames(SocketChannel channel) {
    channel
        .pipeline()
        .addLast(new LengthFieldBasedFrameDecoder(1 << 20, 0, 4, 0, 4))
        .addLast(new LengthFieldPrepender(4), new Echo());
  }

  // shown: end

  @Test
  void haveFrames() throws Exception {
    try (Socket client = new Socket("localhost", serve(NettyTasksTest::initFrames))) {
      assertEquals("\0\0\0\2hi", exchange(client, "\0\0\0\2hi", 6));
    }
  }

  // shown: begin silence
  static void initIdle(SocketChannel channel) {
    channel
        .pipeline()
        .addLast(new IdleStateHandler(0, 0, 60, TimeUnit.SECONDS), new EndsWhoIsIdle())
        .addLast(new Echo()); // a message that drips in needs a timer of your own
  }

  static final class EndsWhoIsIdle extends ChannelInboundHandlerAdapter {
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof IdleStateEvent idle && idle.state() == IdleState.ALL_IDLE) {
        context.close();
      }
    }
  }

  // shown: end

  @Test
  void endWhoIsSilent() throws Exception {
    try (Socket client = new Socket("localhost", serve(NettyTasksTest::initIdle))) {
      assertEquals("hello\n", exchange(client, "hello\n", 6));
    }
    var channel = new EmbeddedChannel(new EndsWhoIsIdle());
    channel.pipeline().fireUserEventTriggered(IdleStateEvent.ALL_IDLE_STATE_EVENT);
    assertTrue(!channel.isOpen());
  }

  // shown: begin broadcast
  static final ChannelGroup ROOM = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

  @ChannelHandler.Sharable
  static final class Chat extends SimpleChannelInboundHandler<String> {
    @Override
    public void channelActive(ChannelHandlerContext context) {
      ROOM.add(context.channel());
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, String line) {
      for (Channel member : ROOM) {
        if (member.isWritable()) { // until its buffer is above the high water mark
          member.writeAndFlush(line + "\n");
        } else {
          member.close();
        }
      }
    }
  }

  // shown: end

  @Test
  void tellAll() throws Exception {
    int port =
        serve(channel ->
            channel
                .pipeline()
                .addLast(new LineBasedFrameDecoder(1_000), new StringDecoder(UTF_8))
                .addLast(new StringEncoder(UTF_8), new Chat()));
    try (Socket first = new Socket("localhost", port);
        Socket second = new Socket("localhost", port)) {
      assertEquals("hello?\n", exchange(first, "hello?\n", 7));
      second.getOutputStream().write("yes\n".getBytes(UTF_8));
      assertEquals("yes\n", exchange(first, "", 4));
    }
  }

  // shown: begin tls
  static SslContext tls(File chain, File key) throws SSLException {
    return SslContextBuilder.forServer(chain, key).build(); // new files: a new context
  }

  static void initTls(SocketChannel channel, SslContext tls) {
    channel.pipeline().addLast(tls.newHandler(channel.alloc()), new Echo());
  }

  // shown: end

  @Test
  void haveTls(@TempDir Path folder) throws Exception {
    Certificate.in(folder);
    SslContext tls = tls(Certificate.chain(folder).toFile(), Certificate.key(folder).toFile());
    int port = serve(channel -> initTls(channel, tls));
    try (Socket client = Certificate.trusting(folder).createSocket("localhost", port)) {
      assertEquals("hello\n", exchange(client, "hello\n", 6));
    }
  }

  // shown: begin relay
  static void initRelay(SocketChannel client, InetSocketAddress target) {
    client.config().setAutoRead(false); // nothing is read before there is somewhere to write
    new Bootstrap()
        .group(client.eventLoop())
        .channel(client.getClass())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 2_000)
        .option(ChannelOption.AUTO_READ, false)
        .handler(new RelayTo(client))
        .connect(target)
        .addListener(
            (ChannelFutureListener)
                connected -> {
                  if (connected.isSuccess()) {
                    client.pipeline().addLast(new RelayTo(connected.channel()));
                    client.read();
                  } else {
                    client.close();
                  }
                });
  }

  static final class RelayTo extends ChannelInboundHandlerAdapter {
    private final Channel other;

    RelayTo(Channel other) {
      this.other = other;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      // The next read when this is written: that is all the backpressure there is.
      other
          .writeAndFlush(message)
          .addListener(
              (ChannelFutureListener)
                  written -> {
                    if (written.isSuccess()) {
                      context.read();
                    } else {
                      context.close();
                    }
                  });
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      other.close(); // a half-close needs ALLOW_HALF_CLOSURE, and a handler of its own
    }
  }

  // shown: end

  @Test
  void goOnToAnother() throws Exception {
    var target = new InetSocketAddress("localhost", port(echo(0, group)));
    int port = serve(channel -> initRelay(channel, target));
    try (Socket client = new Socket("localhost", port)) {
      assertEquals("hello\n", exchange(client, "hello\n", 6));
    }
  }

  // shown: begin limit
  static final AtomicInteger OPEN = new AtomicInteger();

  static void initLimited(SocketChannel channel) {
    if (OPEN.incrementAndGet() > 10_000) { // accepted, and then closed
      channel.close();
    }
    channel.closeFuture().addListener(_ -> OPEN.decrementAndGet());
    channel.pipeline().addLast(new Echo());
  }

  // shown: end

  @Test
  void haveALimit() throws Exception {
    try (Socket client = new Socket("localhost", serve(NettyTasksTest::initLimited))) {
      assertEquals("hello\n", exchange(client, "hello\n", 6));
      assertEquals(1, OPEN.get());
    }
  }

  // shown: begin shutdown
  static void stop(Channel server, ChannelGroup open, EventLoopGroup group) throws Exception {
    server.close().sync();
    // What is at work is for you to know and to wait for; this ends all of it.
    open.close().await(20, TimeUnit.SECONDS);
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
  }

  // shown: end

  @Test
  void endInOrder() throws Exception {
    Channel server = echo(0, group);
    stop(server, new DefaultChannelGroup(GlobalEventExecutor.INSTANCE), group);
    assertTrue(group.isTerminated());
  }

  @Test
  void areTested() {
    // shown: begin test
    var channel =
        new EmbeddedChannel(
            new LineBasedFrameDecoder(8_192),
            new StringDecoder(UTF_8),
            new StringEncoder(UTF_8),
            new Greeter());
    channel.writeInbound(channel.alloc().buffer().writeBytes("Ada\n".getBytes(UTF_8)));
    assertEquals("hello Ada\n", channel.<ByteBuf>readOutbound().toString(UTF_8));
    // shown: end
    channel.finishAndReleaseAll();
  }
}
