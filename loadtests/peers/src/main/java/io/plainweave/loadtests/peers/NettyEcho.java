package io.plainweave.loadtests.peers;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.timeout.IdleStateEvent;

/** Writes back what it reads, and flushes when there is nothing more to read for now. */
class NettyEcho extends ChannelInboundHandlerAdapter {
  private final ChannelGroup open;

  NettyEcho(ChannelGroup open) {
    this.open = open;
  }

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
