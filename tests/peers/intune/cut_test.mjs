// The connection to Graph cut inside a pool's making: after so many bytes of the request,
// or of the reply. Whatever had left by then, each order ends with one pool, one group,
// one member.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { LIMIT, Rig } from './rig.mjs';

const REQUEST = /^POST \/beta\/deviceManagement\/embeddedSIMActivationCodePools HTTP/;
const CUTS = 24; // In each direction, spread over all bytes.

// Hands connections on, and cuts the first CUTS * 2 that make a pool, each elsewhere.
class Cutter {
  constructor(target) {
    this.target = new URL(target);
    this.cuts = [];
    this.sizes = {};
  }

  async start() {
    this.server = net.createServer((near) => this.pass(near));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async stop() {
    this.server.close();
  }

  // { direction, at }: the next cut; undefined: none is left.
  next() {
    const number = this.cuts.length;
    if (number >= CUTS * 2) return undefined;
    const cut = { direction: number % 2 === 0 ? 'request' : 'reply', part: Math.floor(number / 2) / CUTS };
    this.cuts.push(cut);
    return cut;
  }

  pass(near) {
    const far = net.connect(Number(this.target.port), this.target.hostname);
    const end = () => { near.destroy(); far.destroy(); };
    let cut;
    near.on('data', (bytes) => {
      if (!cut && REQUEST.test(bytes.toString('latin1'))) cut = this.next();
      if (cut?.direction !== 'request') {
        far.write(bytes);
        return;
      }
      far.write(bytes.subarray(0, Math.floor(bytes.length * cut.part)), end);
    });
    far.on('data', (bytes) => {
      if (cut?.direction !== 'reply') near.write(bytes);
      else near.write(bytes.subarray(0, Math.floor(bytes.length * cut.part)), end);
    });
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
  }
}

let rig;
before(async () => {
  rig = await Rig.open({ between: async (url) => new Cutter(url).start(), settings: { tries: 100 } });
  rig.graph.states = ['installed'];
});
after(() => rig.close());

test('one order, one pool, wherever the connection is cut', LIMIT, async () => {
  const iccidOf = (i) => `89950600000000${String(10000 + i)}`;
  const devices = Array.from({ length: CUTS * 2 }, () => rig.graph.addDevice({}));
  const orders = await Promise.all(devices.map((device, i) => rig.run('device.assign', {
    device_id: device.id, activation_code: `1$smdp.example.com$CODE-${i}`,
  }, { iccid: iccidOf(i) })));
  assert.equal(rig.between.cuts.length, CUTS * 2);
  for (const order of orders) assert.equal(order.state, 'completed', JSON.stringify(order));
  const codes = [...rig.graph.pools.values()].map((pool) => pool.codes[0].matchingIdentifier);
  assert.equal(codes.length, devices.length);
  assert.equal(new Set(codes).size, devices.length);
  assert.equal(rig.graph.groups.size, devices.length);
  for (const group of rig.graph.groups.values()) assert.equal(group.members.size, 1);
  assert.deepEqual(rig.graph.refused, []);
});
