// A whole host in a scratch folder whose MPT adapter talks to one address.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync,
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
  // `retry: {...}`. `edit`: (text) => text, for more than that. `scheme`: tls instead of tcp.
  // `files`: further secrets by their whole names.
  static async open(address, settings, secrets = {}, options = {}) {
    const self = new World();
    self.options = { scheme: 'tcp', files: {}, manifest: [], edit: (text) => text, ...options };
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
    Object.entries(this.options.files).forEach(([name, value]) => {
      writeFileSync(join(folder, name), value);
    });
    writeFileSync(join(this.dir, 'adapters.d/mpt.yaml'), [
      'settings:', ...settings.map((line) => `  ${line}`),
      'endpoints:', '  - name: smsc', `    url: ${this.options.scheme}://${address}`, '',
    ].join('\n'));
    await this.sign(1);
    await this.startHost();
  }

  async sign(revision) {
    const { manifest, edit } = this.options;
    const template = join(this.scratch, 'mpt.yaml');
    const text = readFileSync(join(top, 'manifests/mpt.yaml'), 'utf8')
      .replace(/^revision: \d+$/m, `revision: ${revision}`);
    writeFileSync(template, [edit(text), ...manifest, ''].join('\n'));
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

  get pid() {
    return Number(readFileSync(join(this.dir, 'host.pid'), 'utf8'));
  }

  // SIGKILL, as a power cut of the process.
  killHost() {
    process.kill(this.pid, 'SIGKILL');
  }

  // Processes that adapters run in.
  cells() {
    const parent = this.pid;
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => {
      try {
        return readFileSync(`/proc/${name}/stat`, 'utf8').match(/^(\d+) \((.*)\) (\S) (\d+)/);
      } catch {
        return undefined; // It has gone in the meantime.
      }
    }).filter((stat) => stat?.[2] === 'esim-cell' && stat[3] !== 'Z' && Number(stat[4]) === parent)
      .map((stat) => Number(stat[1]));
  }

  async killCells() {
    // One that was killed a moment ago may not have its successor yet.
    await eventually(() => this.cells().length > 0);
    const had = this.cells();
    had.forEach((pid) => process.kill(pid, 'SIGKILL'));
    await eventually(() => !this.cells().some((pid) => had.includes(pid)));
  }

  // A newer revision takes the place of the one that serves.
  async reload(revision) {
    await this.sign(revision);
    const found = await this.ask('POST', '/v1/adapters/mpt/reload');
    assert.equal(found.state, 'active', JSON.stringify(found));
    assert.equal((await this.ask('GET', '/v1/adapters/mpt')).revision, revision);
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
