// What the client of npm does with a server of WebSocket:  node ws.mjs SCENARIO PORT
// It ends with 0 if all is as it should be. Where others have something to do, it says "ready".
import assert from "node:assert/strict";
import { once } from "node:events";
import WebSocket from "ws";

const [scenario, port] = process.argv.slice(2);

async function connect(target, options = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`, options);
  socket.received = [];
  socket.on("message", (data, isBinary) => {
    socket.received.push(isBinary ? data : data.toString());
    socket.emit("received");
  });
  await once(socket, "open");
  return socket;
}

async function received(socket) {
  while (socket.received.length === 0) {
    await once(socket, "received");
  }
  return socket.received.shift();
}

/** Waits until somebody says it; what comes before is dropped. */
async function hears(socket, text) {
  while ((await received(socket)) !== text) {}
}

/** Waits for the code of its end, whatever else comes: it may still send, and fail in that. */
function closed(socket) {
  socket.on("error", () => {});
  return new Promise((resolve) => socket.once("close", resolve));
}

const LONGEST = 1024 * 1024;

const scenarios = {
  async echoesTextAndBinary() {
    const socket = await connect("/echo");
    for (const text of ["", "hello", "ä€𝄞", "x".repeat(126), "x".repeat(65_536)]) {
      socket.send(text);
      assert.equal(await received(socket), text);
    }
    for (const size of [0, 125, 126, 65_535, 65_536, LONGEST]) {
      const bytes = Buffer.alloc(size, "ÿ", "latin1");
      socket.send(bytes);
      assert.ok(bytes.equals(await received(socket)), `${size} bytes`);
    }
    socket.close();
    await closed(socket);
  },

  async sendsFragmentsWithPingsBetweenThem() {
    const socket = await connect("/echo");
    const euro = Buffer.from("€");
    socket.send(euro.subarray(0, 1), { fin: false, binary: false });
    socket.ping("between");
    const [pong] = await once(socket, "pong");
    assert.equal(pong.toString(), "between");
    socket.send(euro.subarray(1), { fin: false });
    socket.send("!", { fin: true });
    assert.equal(await received(socket), "€!");
    socket.terminate();
  },

  async isClosedForAMessageThatIsTooBig() {
    const socket = await connect("/echo");
    socket.send(Buffer.alloc(LONGEST + 1));
    assert.equal(await closed(socket), 1009);
    const fragments = await connect("/echo");
    fragments.send(Buffer.alloc(LONGEST), { fin: false });
    fragments.send("x", { fin: true });
    assert.equal(await closed(fragments), 1009);
  },

  async closesWithCodesInBothDirections() {
    for (const code of [1000, 1001, 1011, 3000, 4999]) {
      const socket = await connect("/echo");
      socket.close(code, "because");
      assert.equal(await closed(socket), code);
    }
    const silent = await connect("/echo");
    silent.close();
    assert.equal(await closed(silent), 1005);
    const wrong = await connect("/echo");
    wrong.send(Buffer.from([0xff]), { binary: false });
    assert.equal(await closed(wrong), 1007);
  },

  async goesOnWithoutCompressionWhenThatIsDeclined() {
    const socket = await connect("/echo", { perMessageDeflate: { threshold: 0 } });
    assert.equal(socket.extensions, "");
    socket.send("plain".repeat(1_000));
    assert.equal(await received(socket), "plain".repeat(1_000));
    socket.terminate();
  },

  async chatsWithManyOthers() {
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) => connect(`/chat?name=npm${i}`)),
    );
    await Promise.all(all.map((socket, i) => hears(socket, `* npm${i} has joined`)));
    all[0].send("hello");
    await Promise.all(all.map((socket) => hears(socket, "npm0: hello")));
    all[1].close();
    await Promise.all(
      all.filter((_, i) => i !== 1).map((socket) => hears(socket, "* npm1 has left")),
    );
    all.forEach((socket) => socket.terminate());
  },

  async isToldOfADrain() {
    const all = await Promise.all([connect("/echo"), connect("/chat?name=npm")]);
    const ends = all.map(closed);
    console.log("ready");
    assert.deepEqual(await Promise.all(ends), [1001, 1001]);
  },
};

await scenarios[scenario]();
