package io.plainweave.loadtests.peers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;

/** Answers a request, and flushes when there is no further one for now. */
final class NettyHello extends NettyEcho {
  private static final AsciiString TYPE = AsciiString.of(Hello.TYPE);
  private static final ByteBuf BODY =
      Unpooled.unreleasableBuffer(
          Unpooled.directBuffer(Hello.BODY.length).writeBytes(Hello.BODY).asReadOnly());

  NettyHello(ChannelGroup open) {
    super(open);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof HttpRequest request) {
      answer(context, request);
    }
    ReferenceCountUtil.release(message);
  }

  private static void answer(ChannelHandlerContext context, HttpRequest request) {
    boolean found = request.method().equals(HttpMethod.GET) && request.uri().equals(Hello.PATH);
    FullHttpResponse response =
        found
            ? new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, BODY.duplicate())
            : new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.NOT_FOUND);
    response
        .headers()
        .set(HttpHeaderNames.DATE, Hello.date())
        .set(HttpHeaderNames.CONTENT_TYPE, TYPE)
        .setInt(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
    if (HttpUtil.isKeepAlive(request)) {
      context.write(response, context.voidPromise());
    } else {
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
      context.write(response).addListener(ChannelFutureListener.CLOSE);
    }
  }
}
