package io.plainweave.internal.transport;

import io.plainweave.ConnectionBusyException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.Nullable;

/**
 * A socket channel whose reader and writer wait by means of a {@link Poller}. The channel itself
 * never blocks: a transfer moves what can be moved now, and a wait is a call of its own, during
 * which a thread holds no buffer.
 *
 * <p>One thread may read while another writes, and any thread may close it: both then fail as the
 * channel says. A thread that is interrupted fails before it transfers a byte, or in its wait; what
 * that means for the channel is for its connection to say.
 *
 * <h2>Why no wake-up is lost</h2>
 *
 * <p>A slot is empty, or holds the one thread that waits, or {@link #WOKEN}; it is changed by
 * compare-and-set only, so that whoever takes a thread out has to wake that one, and nobody else
 * can take it for another. There are two kinds of wake-ups.
 *
 * <ul>
 *   <li>{@link #wakeReader()} and {@link #wakeWriter()}, for a change that is not the socket's: its
 *       cause is made before, and {@link #WOKEN} stays in the slot if nobody waits. Who begins to
 *       wait finds it, and looks at the cause; who has begun is taken out. There is no moment
 *       between the two. A wake-up that is late costs one look too many. {@link #endReading()} is
 *       for all waits to come: a reader writes its slot and then reads that flag, so that it needs
 *       no wake-up that a linger could take away.
 *   <li>That of the poller, for readiness, is not kept: the socket keeps it. It can only miss a
 *       thread that enters its slot while the poller drops the interest that nobody had. The thread
 *       writes its slot and then reads the interest; the poller writes the interest and then reads
 *       the slot. All four are volatile, so at least one of the two sees the other (JLS 17.4.4):
 *       the thread asks the poller to look out again, or the poller wakes the thread.
 * </ul>
 */
public final class PolledChannel implements Transport, Polled {
  /** Stands in a slot for a wake-up that came when nobody waited. */
  private static final Thread WOKEN = Thread.ofVirtual().unstarted(() -> {});

  private static final AtomicReferenceFieldUpdater<PolledChannel, @Nullable Thread> READER =
      AtomicReferenceFieldUpdater.newUpdater(PolledChannel.class, Thread.class, "reader");

  private static final AtomicReferenceFieldUpdater<PolledChannel, @Nullable Thread> WRITER =
      AtomicReferenceFieldUpdater.newUpdater(PolledChannel.class, Thread.class, "writer");

  /** What a thread waits for. */
  @SuppressWarnings("ImmutableEnumChecker") // an updater changes nothing of itself
  private enum Wait {
    INPUT(READER, SelectionKey.OP_READ),
    ROOM(WRITER, SelectionKey.OP_WRITE),
    /** For the peer's end, when nobody reads any more. */
    END(READER, SelectionKey.OP_READ);

    private final AtomicReferenceFieldUpdater<PolledChannel, @Nullable Thread> slot;
    private final int operation;

    Wait(AtomicReferenceFieldUpdater<PolledChannel, @Nullable Thread> slot, int operation) {
      this.slot = slot;
      this.operation = operation;
    }
  }

  private final SocketChannel channel;
  private final Poller poller;

  /** The slot of the thread that waits for input; see above. */
  private volatile @Nullable Thread reader;

  /** The slot of the thread that waits for room in the output. */
  private volatile @Nullable Thread writer;

  /** Whether no reader waits any more; set once, by whoever closes the connection. */
  private volatile boolean readingEnded;

  /**
   * Whether the poller is to look out for input though nobody waits for it, until some has come:
   * set by whoever wants to know, cleared by the poller.
   */
  private volatile boolean watched;

  /** Whether it is closed, for all who use it; set by whoever closes it. */
  private volatile boolean closed;

  /** Whether the poller is to close the channel; set before {@link #closed}. */
  private boolean leftToPoller;

  /** What the poller looks out for, in bits of {@link SelectionKey}; only the poller writes it. */
  private volatile int interest;

  /** The registration, from the first wait on; only the poller touches it. */
  private @Nullable SelectionKey key;

  public PolledChannel(SocketChannel channel, Poller poller) {
    this.channel = channel;
    this.poller = poller;
  }

  /** Sets the channel's options; called once, before all else. */
  public void prepare() throws IOException {
    ChannelOptions.prepare(channel);
  }

  // For the threads of the connection

  @Override
  public int read(ByteBuffer target) throws IOException {
    failIfOver();
    return channel.read(target);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    failIfOver();
    return channel.write(source);
  }

  /** As {@link #write(ByteBuffer)}, of several buffers with one system call. */
  public long write(ByteBuffer[] sources, int offset, int count) throws IOException {
    failIfOver();
    return channel.write(sources, offset, count);
  }

  /**
   * Writes what there is room for of a file, as {@link FileChannel#transferTo}. Called where no
   * interrupt comes, which would close both.
   *
   * @return how many bytes that were
   */
  public long write(FileChannel file, long position, long count) throws IOException {
    failIfClosed();
    return file.transferTo(position, count, channel);
  }

  @Override
  public boolean hasUnsent() {
    return false;
  }

  @Override
  public void awaitReadable() throws IOException {
    await(Wait.INPUT);
  }

  @Override
  public void awaitWritable() throws IOException {
    await(Wait.ROOM);
  }

  /** Waits as a reader does, after {@link #endReading()}: for the peer's end. */
  public void awaitPeersEnd() throws IOException {
    await(Wait.END);
  }

  /**
   * Ends the wait of the reader, and each one that begins from now on. Only {@link
   * #awaitPeersEnd()} goes on waiting.
   */
  public void endReading() {
    readingEnded = true;
    wakeReader();
  }

  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  private void await(Wait wait) throws IOException {
    Thread self = Thread.currentThread();
    if (!enter(wait, self)) {
      return;
    }
    try {
      askFor(wait.operation);
      while (wait.slot.get(this) == self && !closed && !isOver(wait)) {
        LockSupport.park();
        if (self.isInterrupted()) {
          break;
        }
      }
    } finally {
      // Has no effect if somebody has taken it out, and another may be in the slot by now.
      wait.slot.compareAndSet(this, self, null);
    }
    failIfInterrupted();
  }

  /** Enters the slot; false if a wake-up was in it, or the wait is over. */
  @SuppressWarnings("ThreadPriorityCheck") // the other thread is on its way out
  private boolean enter(Wait wait, Thread self) throws ConnectionBusyException {
    while (!wait.slot.compareAndSet(this, null, self)) {
      if (wait.slot.compareAndSet(this, WOKEN, null) || isOver(wait)) {
        return false;
      }
      if (isWaiting(wait.slot.get(this))) {
        if (wait != Wait.END) {
          throw new ConnectionBusyException("waiting for");
        }
        // A reader that has come too late looks at readingEnded next, and leaves.
        Thread.yield();
      }
    }
    return true;
  }

  private boolean isOver(Wait wait) {
    return wait == Wait.INPUT && readingEnded;
  }

  /** Ends the wait of the reader, or its next one: it looks again at what there is to do. */
  public void wakeReader() {
    wake(READER);
  }

  /** The same for the writer. */
  public void wakeWriter() {
    wake(WRITER);
  }

  private void wake(AtomicReferenceFieldUpdater<PolledChannel, @Nullable Thread> slot) {
    Thread waiting;
    do {
      waiting = slot.get(this);
    } while (!slot.compareAndSet(this, waiting, isWaiting(waiting) ? null : WOKEN));
    if (isWaiting(waiting)) {
      LockSupport.unpark(waiting);
    }
  }

  /** Wakes who waits now; whether somebody did. */
  private boolean wakeWaiting(AtomicReferenceFieldUpdater<PolledChannel, @Nullable Thread> slot) {
    Thread waiting = slot.get(this);
    if (!isWaiting(waiting)) {
      return false;
    }
    if (slot.compareAndSet(this, waiting, null)) {
      LockSupport.unpark(waiting);
    }
    return true;
  }

  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  private static boolean isWaiting(@Nullable Thread inSlot) {
    return inSlot != null && inSlot != WOKEN;
  }

  /**
   * Sees to it that the poller looks out for this. It goes on looking when the wait is over, so
   * that the next one costs nothing.
   */
  private void askFor(int operation) throws IOException {
    if ((interest & operation) == 0) {
      poller.attend(this);
    }
  }

  private void failIfOver() throws IOException {
    failIfInterrupted();
    failIfClosed();
  }

  private void failIfClosed() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  private static void failIfInterrupted() throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException();
    }
  }

  @Override
  public boolean finishOutput() throws IOException {
    failIfClosed();
    channel.shutdownOutput();
    return true;
  }

  @Override
  public int available() throws IOException {
    return closed ? 0 : ChannelOptions.available(channel);
  }

  /** Closes the channel and ends the waits for it. Has no effect if it is closed. */
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    closeChannel();
  }

  private void closeChannel() throws IOException {
    try {
      channel.close();
    } catch (Error e) {
      poller.closedInPart();
      throw e;
    } finally {
      wakeReader();
      wakeWriter();
      // The descriptor of a registered channel is closed by the poller.
      poller.forget(channel);
    }
  }

  /**
   * The same, for one that no other thread reads or writes, now or later: the poller closes it in
   * its next round, with fewer system calls since it is not registered any more, and nobody waits
   * for the monitor of its selector. To close one in use is to wait for those who use it.
   */
  public void closeAtRest() throws IOException {
    if (closed) {
      return;
    }
    leftToPoller = channel.isRegistered();
    closed = true;
    if (leftToPoller && poller.closes(this)) {
      wakeReader();
      wakeWriter();
    } else {
      closeChannel();
    }
  }

  /**
   * Lets the poller look out for input though nobody waits for it: {@link #isWatched()} becomes
   * false when some has come. That may come too late by a look, which finds nothing.
   */
  public void watch() {
    watched = true;
    try {
      poller.attend(this);
    } catch (ClosedChannelException e) {
      // It is no more of interest whether something comes.
    }
  }

  /** Whether the poller looks out for input, and none has come since somebody has read it all. */
  public boolean isWatched() {
    return (interest & SelectionKey.OP_READ) != 0;
  }

  /** Whether a thread waits for the peer, to send or to make room. */
  public boolean isAwaited() {
    return isWaiting(reader) || isWaiting(writer);
  }

  /** Whether a thread waits for the peer to make room. */
  public boolean isRoomAwaited() {
    return isWaiting(writer);
  }

  /** Makes threads that the poller can wake best. */
  public ThreadFactory threads() {
    return poller.threads();
  }

  public boolean isOpen() {
    return !closed;
  }

  /** Makes the close a reset. */
  public void resetOnClose() {
    if (!closed) {
      ChannelOptions.resetOnClose(channel);
    }
  }

  /** Who the peer is, if it is a process of this machine and the system can tell. */
  public Optional<UnixDomainPrincipal> peerCredentials() throws IOException {
    return ChannelOptions.peerCredentials(channel);
  }

  // For the poller's thread

  /** Looks out for what the threads wait for by now, besides what it looked out for before. */
  void updateInterest(Poller by) throws ClosedChannelException {
    failIfClosed();
    int wanted = interest;
    if (isWaiting(reader) || watched) {
      wanted |= SelectionKey.OP_READ;
    }
    if (isWaiting(writer)) {
      wanted |= SelectionKey.OP_WRITE;
    }
    if (key == null) {
      key = by.register(channel, wanted, this);
    } else {
      key.interestOps(wanted);
    }
    interest = wanted;
  }

  /** Whether the poller is to close it. */
  boolean isLeftToPoller() {
    return closed && leftToPoller;
  }

  /** Ends the registration, which the next look at all channels then forgets. */
  void unregister() {
    if (key != null) {
      key.cancel();
    }
  }

  /**
   * Closes what is left to the poller, when it is no longer registered, or the poller has ended.
   */
  void closeNow() throws IOException {
    channel.close();
  }

  /**
   * Wakes who waits for this. What nobody waits for is no longer looked out for: the selector would
   * find it again and again.
   */
  @Override
  public void ready(int operations) {
    int unwanted = 0;
    if ((operations & SelectionKey.OP_READ) != 0 && !wakeWaiting(READER)) {
      watched = false;
      unwanted |= SelectionKey.OP_READ;
    }
    if ((operations & SelectionKey.OP_WRITE) != 0) {
      // There is nearly always room: only who has met a full socket wants to hear of it.
      unwanted |= SelectionKey.OP_WRITE;
      wakeWaiting(WRITER);
    }
    if (unwanted != 0 && key != null) {
      interest &= ~unwanted;
      key.interestOps(interest);
      // Who began to wait before it could see that nobody looks out for it looks again.
      wakeWaiting(READER);
      wakeWaiting(WRITER);
    }
  }
}
