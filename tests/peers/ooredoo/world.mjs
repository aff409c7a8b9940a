// A whole host in a scratch folder whose Ooredoo adapter talks to one address.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EID, build, eventually, tlsIn, top } from '../smdp/rig.mjs';

const ENDED = ['completed', 'failed', 'held', 'rejected'];

const tool = (...args) => execFileSync(join(top, 'tools/world.sh'), args, {
  cwd: top, env: { ...process.env, B: build }, stdio: ['ignore', 'ignore', 'inherit'],
});

export class World {
  // `startCarrier(tls)` resolves to { address, ... }; `settings` is YAML, a line each.
  static async open(startCarrier, settings, password) {
    const self = new World();
    try {
      await self.start(startCarrier, settings, password);
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  async start(startCarrier, settings, password) {
    this.scratch = mkdtempSync(join(tmpdir(), 'esimd-ooredoo-'));
    this.dir = join(this.scratch, 'world');
    tool('make', this.dir);
    this.tls = tlsIn(join(this.dir, 'tls'));
    this.carrier = await startCarrier(this.tls);
    const secrets = join(this.dir, 'secrets/ooredoo/default');
    mkdirSync(secrets, { recursive: true });
    copyFileSync(join(this.dir, 'tls/ca.pem'), join(secrets, 'soap.ca'));
    writeFileSync(join(secrets, 'wss.password'), password);
    writeFileSync(join(this.dir, 'adapters.d/ooredoo.yaml'), [
      'settings:', ...settings.map((line) => `  ${line}`),
      'endpoints:', '  - name: soap', `    url: https://${this.carrier.address}`, '',
    ].join('\n'));
    tool('host', this.dir);
    const host = JSON.parse(readFileSync(join(this.dir, 'host.json'), 'utf8'));
    this.base = `http://${host.http}`;
    this.key = readFileSync(join(this.dir, 'key'), 'utf8').trim();
  }

  async close() {
    tool('stop', this.dir);
    await this.carrier?.close();
    rmSync(this.scratch, { recursive: true, force: true });
  }

  // Everything that the host has written down in the clear.
  log() {
    return readFileSync(join(this.dir, 'host.log'), 'utf8');
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

  // Places an order at the carrier's alias and follows it to its end.
  async order(members) {
    let found = await this.ask('POST', '/v1/orders', { carrier: 'u9', ...members });
    assert.ok(found.id, JSON.stringify(found));
    await eventually(async () => {
      found = await this.ask('GET', `/v1/orders/${found.id}`);
      return ENDED.includes(found.state);
    });
    return found;
  }

  provision(members) {
    return this.order({
      type: 'profile.provision',
      plan: 'basic',
      profile_type: 'P1',
      device: { eid: EID, imei: '490154203237518' },
      ...members,
    });
  }
}

export { EID };
