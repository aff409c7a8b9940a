// A whole host in a scratch folder whose MPT adapter talks to one address.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EID, build, eventually, top } from '../smdp/rig.mjs';

const ENDED = ['completed', 'failed', 'held', 'rejected'];

// The SMSC lives in this process: nothing here may block it.
async function run(command, args) {
  const child = spawn(command, args, {
    cwd: top, env: { ...process.env, B: build }, stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, `${command} ${args[0]}`);
}
const tool = (...args) => run(join(top, 'tools/world.sh'), args);

export class World {
  // `settings` is YAML, a line each. `manifest`: lines to end it with, such as a quick
  // `retry: {...}`.
  static async open(address, settings, secrets = {}, { manifest } = {}) {
    const self = new World();
    self.manifest = manifest;
    try {
      await self.start(address, settings, {
        system_id: 'esimd', password: 'secret', ...secrets,
      });
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  async start(address, settings, secrets) {
    this.scratch = mkdtempSync(join(tmpdir(), 'esimd-mpt-'));
    this.dir = join(this.scratch, 'world');
    await tool('make', this.dir);
    const folder = join(this.dir, 'secrets/mpt/default');
    mkdirSync(folder, { recursive: true });
    Object.entries(secrets).forEach(([name, value]) => {
      writeFileSync(join(folder, `smpp.${name}`), value);
    });
    writeFileSync(join(this.dir, 'adapters.d/mpt.yaml'), [
      'settings:', ...settings.map((line) => `  ${line}`),
      'endpoints:', '  - name: smsc', `    url: tcp://${address}`, '',
    ].join('\n'));
    if (this.manifest) await this.sign();
    await this.startHost();
  }

  async sign() {
    const template = join(this.scratch, 'mpt.yaml');
    const text = readFileSync(join(top, 'manifests/mpt.yaml'), 'utf8');
    writeFileSync(template, [text, ...this.manifest, ''].join('\n'));
    await run(join(top, 'tools/sign-dev.sh'), [
      template, join(top, build, 'adapters'), join(this.dir, 'manifests'),
    ]);
  }

  async startHost() {
    await tool('host', this.dir);
    const host = JSON.parse(readFileSync(join(this.dir, 'host.json'), 'utf8'));
    this.base = `http://${host.http}`;
    this.key = readFileSync(join(this.dir, 'key'), 'utf8').trim();
  }

  // SIGKILL, as a power cut of the process.
  killHost() {
    process.kill(Number(readFileSync(join(this.dir, 'host.pid'), 'utf8')), 'SIGKILL');
  }

  async close() {
    await tool('stop', this.dir);
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
      },
      body: body && JSON.stringify(body),
    });
    return reply.json();
  }

  async place(members) {
    const found = await this.ask('POST', '/v1/orders', { carrier: 'mpt', ...members });
    assert.ok(found.id, JSON.stringify(found));
    return found;
  }

  // Follows an order to its end, or to `states`.
  async ending(placed, states = ENDED) {
    let found = placed;
    await eventually(async () => {
      found = await this.ask('GET', `/v1/orders/${placed.id}`);
      return states.includes(found.state);
    });
    return found;
  }

  async order(members) {
    return this.ending(await this.place(members));
  }

  provision(members) {
    return this.order({
      type: 'profile.provision',
      plan: 'basic',
      device: { eid: EID, imei: '490154203237518' },
      ...members,
    });
  }
}

export { EID };
