// The same against software that shares nothing with the sandbox: the Node SM-DP+ of
// tests/peers/smdp, behind a front that cuts connections before or after it was reached.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { after, before, test } from 'node:test';

import { Client, startPeer, tlsIn } from '../peers/smdp/rig.mjs';
import { EID, until, World } from './world.mjs';

let world;
let peer;
let carrier;
let front;

// Ends TLS on both sides, so that it knows where a request begins and ends.
async function startFront(tls, upstream) {
  const cuts = {};
  const identity = { ca: tls.read('ca.pem'), cert: tls.read('client.pem'), key: tls.read('client.key') };
  const agent = new https.Agent({ ...identity, keepAlive: true });
  const server = https.createServer({
    ca: identity.ca,
    cert: tls.read('server.pem'),
    key: tls.read('server.key'),
    requestCert: true,
    rejectUnauthorized: true,
  }, async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const name = request.url.split('/').at(-1);
    const cut = cuts[name]?.shift();
    if (cut === 'before') {
      request.socket.destroy();
      return;
    }
    const [host, port] = upstream.split(':');
    const call = https.request({
      host, port, agent, path: request.url, method: request.method, headers: request.headers,
    }).end(Buffer.concat(pieces));
    const [reply] = await once(call, 'response');
    if (cut === 'after') {
      reply.resume();
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.statusCode, reply.headers);
    reply.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${server.address().port}`,
    cut: (name, ...when) => { cuts[name] = when; },
    close: () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

before(async () => {
  world = await World.open({
    sandbox: false,
    prepare: async (made) => {
      const tls = tlsIn(made.path('tls'));
      peer = await startPeer(tls, ['--stock', 'P1=100']);
      carrier = new Client(peer.first.address, tls);
      front = await startFront(tls, peer.first.address);
      await made.sh('place', 'atom', `https://${front.address}`);
    },
  });
  await carrier.control('POST', '/sandbox/callback', { url: `https://${world.callback}/callbacks/atom` });
});
after(async () => {
  await world?.close();
  front?.close();
  carrier?.close();
  await peer?.stop();
});

const asked = async (from) => (await carrier.ledger()).slice(from)
  .filter((line) => line.kind === 'request').map((line) => line.function);
const place = (headers = { Prefer: 'wait=10' }) => world.placeOrder({}, { headers });

test('An order and its installation, from HTTP to Installed', async () => {
  const { json } = await place();
  assert.equal(json.state, 'completed');
  assert.deepEqual(await asked(0), ['downloadOrder', 'confirmOrder', 'releaseProfile']);
  const { status } = await carrier.control('POST', `/sandbox/devices/${EID}/install`, {
    activation_code: await world.revealCode(json.iccid),
  });
  assert.equal(status, 202);
  await until('the profile to be installed', async () =>
    (await world.get(`/v1/profiles/${json.iccid}`)).state === 'Installed');
});

for (const [when, wasDone] of [['before', 0], ['after', 1]]) {
  for (const name of ['downloadOrder', 'confirmOrder']) {
    test(`A ${name} cut ${when} it reached the carrier is held and not sent again`, async () => {
      const from = (await carrier.ledger()).length;
      front.cut(name, when);
      const { json } = await place();
      assert.equal(json.state, 'held');
      assert.equal((await asked(from)).filter((each) => each === name).length, wasDone);
    });
  }
}

test('A releaseProfile cut three times is sent until it is answered', async () => {
  const from = (await carrier.ledger()).length;
  front.cut('releaseProfile', 'before', 'after', 'before');
  const { json } = await place();
  assert.equal(json.state, 'completed');
  assert.equal((await carrier.profile(json.iccid)).state, 'Released');
  assert.deepEqual((await asked(from)).filter((each) => each === 'releaseProfile').length, 2);
});

test('A completed order is taken back, and the carrier has its profile again', async () => {
  const { json } = await place();
  const { status } = await world.ask('POST', `/v1/orders/${json.id}/cancel`);
  assert.equal(status, 202);
  await until('the order to be cancelled', async () =>
    (await world.get(`/v1/orders/${json.id}`)).state === 'cancelled');
  assert.equal((await carrier.profile(json.iccid)).state, 'Available');
});

test('Nothing that was sent was out of line with the document of ES2+', async () => {
  assert.deepEqual((await carrier.ledger()).filter((line) => line.kind === 'refused'), []);
});
