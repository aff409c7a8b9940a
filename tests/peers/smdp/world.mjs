// A whole host in a scratch folder, and a client that places orders (tools/world.sh).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, EID, build, eventually, tlsIn, top } from './rig.mjs';

const ENDED = ['completed', 'failed', 'held', 'rejected'];

const tool = (...args) => execFileSync(join(top, 'tools/world.sh'), args, {
  cwd: top, env: { ...process.env, B: build }, stdio: ['ignore', 'ignore', 'inherit'],
});

export class World {
  // `startCarrier(tls)` starts the SM-DP+ and resolves to the program.
  static async open(startCarrier) {
    const self = new World();
    try {
      await self.start(startCarrier);
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  async start(startCarrier) {
    this.scratch = mkdtempSync(join(tmpdir(), 'esimd-host-'));
    this.dir = join(this.scratch, 'world');
    tool('make', this.dir);
    const tls = tlsIn(join(this.dir, 'tls'));
    this.program = await startCarrier(tls);
    this.carrier = new Client(this.program.first.address, tls);
    tool('place', this.dir, 'atom', `https://${this.program.first.address}`);
    tool('host', this.dir);
    const host = JSON.parse(readFileSync(join(this.dir, 'host.json'), 'utf8'));
    this.base = `http://${host.http}`;
    this.key = readFileSync(join(this.dir, 'key'), 'utf8').trim();
    await this.carrier.control('POST', '/sandbox/callback', {
      url: `https://${host.callback}/callbacks/atom`,
    });
  }

  async close() {
    tool('stop', this.dir);
    this.carrier?.close();
    if (this.program) assert.equal(await this.program.stop(), 0);
    rmSync(this.scratch, { recursive: true, force: true });
  }

  async ask(method, path, body) {
    const reply = await fetch(this.base + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.key}`,
        'Content-Type': 'application/json',
        'Idempotency-Key': randomUUID(),
        Prefer: 'wait=10',
      },
      body: body && JSON.stringify(body),
    });
    return reply.json();
  }

  // Places an order and follows it to its end.
  async order(members) {
    let found = await this.ask('POST', '/v1/orders', {
      type: 'profile.provision',
      plan: 'basic',
      carrier: 'atom',
      device: { eid: EID, imei: '490154203237518' },
      ...members,
    });
    assert.ok(found.id, JSON.stringify(found));
    await eventually(async () => {
      found = await this.ask('GET', `/v1/orders/${found.id}`);
      return ENDED.includes(found.state);
    });
    return found;
  }
}
