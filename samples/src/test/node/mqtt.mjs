// What the client of npm does with a broker:  node mqtt.mjs SCENARIO PORT
// It ends with 0 if all is as it should be. Where others have something to do, it says "ready".
import assert from "node:assert/strict";
import { once } from "node:events";
import mqtt from "mqtt";

const [scenario, port] = process.argv.slice(2);
const clients = [];

async function connect(options = {}) {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options });
  clients.push(client);
  client.received = [];
  client.on("message", (topic, payload, packet) => {
    client.received.push({ topic, text: payload.toString(), qos: packet.qos, retain: packet.retain });
    client.emit("received");
  });
  const [connack] = await once(client, "connect");
  client.sessionPresent = connack.sessionPresent;
  return client;
}

async function received(client, count) {
  while (client.received.length < count) {
    await once(client, "received");
  }
  return client.received.splice(0);
}

/** Waits for it, whatever else comes: a connection that is taken away may fail before it closes. */
function happens(client, event) {
  client.on("error", () => {});
  return new Promise((resolve) => client.once(event, resolve));
}

const message = (topic, text, qos, retain = false) => ({ topic, text, qos, retain });

const scenarios = {
  async publishesAndSubscribesWithWildcards() {
    const subscriber = await connect();
    const granted = await subscriber.subscribeAsync({ "npm/+/c": { qos: 1 }, "npm/low/#": { qos: 0 } });
    assert.deepEqual(granted.map((it) => it.qos), [1, 0]);
    const publisher = await connect();
    await publisher.publishAsync("npm/b/c", "once", { qos: 1 });
    await publisher.publishAsync("npm/b/d", "unheard", { qos: 1 });
    await publisher.publishAsync("npm/b/c", "at most", { qos: 0 });
    await publisher.publishAsync("npm/low/x/y", "lowered", { qos: 1 });
    assert.deepEqual(await received(subscriber, 3), [
      message("npm/b/c", "once", 1),
      message("npm/b/c", "at most", 0),
      message("npm/low/x/y", "lowered", 0),
    ]);
    await subscriber.unsubscribeAsync("npm/+/c");
    await publisher.publishAsync("npm/b/c", "unheard", { qos: 1 });
    await publisher.publishAsync("npm/low/last", "heard", { qos: 0 });
    assert.deepEqual(await received(subscriber, 1), [message("npm/low/last", "heard", 0)]);
  },

  async getsWhatIsRetained() {
    const publisher = await connect();
    await publisher.publishAsync("npm/kept", "old", { qos: 1, retain: true });
    await publisher.publishAsync("npm/kept", "new", { qos: 1, retain: true });
    const subscriber = await connect();
    await subscriber.subscribeAsync("npm/kept", { qos: 1 });
    assert.deepEqual(await received(subscriber, 1), [message("npm/kept", "new", 1, true)]);
    await publisher.publishAsync("npm/kept", "", { qos: 1, retain: true });
    assert.deepEqual(await received(subscriber, 1), [message("npm/kept", "", 1)]);
  },

  async leavesAWillWhenItsSocketIsDestroyed() {
    const watcher = await connect();
    await watcher.subscribeAsync("npm/will", { qos: 1 });
    const lost = await connect({ will: { topic: "npm/will", payload: "gone", qos: 1 } });
    lost.stream.destroy();
    assert.deepEqual(await received(watcher, 1), [message("npm/will", "gone", 1)]);
    const leaves = await connect({ will: { topic: "npm/will", payload: "wrong", qos: 1 } });
    await leaves.endAsync();
    await watcher.publishAsync("npm/will", "next", { qos: 1 });
    assert.deepEqual(await received(watcher, 1), [message("npm/will", "next", 1)]);
  },

  async resumesItsSessionWithWhatIsQueued() {
    const session = { clean: false, clientId: "npm-session" };
    const first = await connect(session);
    assert.equal(first.sessionPresent, false);
    await first.subscribeAsync("npm/queued", { qos: 1 });
    await first.endAsync();
    const publisher = await connect();
    const texts = Array.from({ length: 100 }, (_, i) => `${i}`);
    for (const text of texts) {
      await publisher.publishAsync("npm/queued", text, { qos: 1 });
    }
    const second = await connect(session);
    assert.equal(second.sessionPresent, true);
    assert.deepEqual((await received(second, 100)).map((it) => it.text), texts);
  },

  async staysAliveByItsPings() {
    const client = await connect({ keepalive: 1 });
    let pongs = 0;
    while (pongs < 3) { // for longer than the broker's patience
      const [packet] = await once(client, "packetreceive");
      pongs += packet.cmd === "pingresp" ? 1 : 0;
    }
    assert.equal(client.connected, true);
  },

  async losesItsSessionToOneOfItsName() {
    const older = await connect({ clientId: "npm-taken" });
    const closed = happens(older, "close");
    const newer = await connect({ clientId: "npm-taken" });
    await closed;
    await newer.subscribeAsync("npm/taken");
    await newer.publishAsync("npm/taken", "here", { qos: 1 });
    assert.equal((await received(newer, 1))[0].text, "here");
  },

  async reconnectsAfterADrain() {
    const client = await connect({ reconnectPeriod: 200 });
    await client.subscribeAsync("npm/again", { qos: 1 });
    const closed = happens(client, "close");
    const connected = happens(client, "connect"); // again
    console.log("ready");
    await closed;
    await connected;
    // It subscribes again by itself, before it publishes.
    await client.publishAsync("npm/again", "back", { qos: 1 });
    assert.deepEqual(await received(client, 1), [message("npm/again", "back", 1)]);
  },
};

await scenarios[scenario]();
await Promise.all(clients.map((client) => client.endAsync(true)));
