// A whole host in a scratch folder whose Mytel adapter talks to one carrier.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EID, build, top } from '../smdp/rig.mjs';
import { CLIENT, SECRET, Server } from './server.mjs';

const ENDED = ['completed', 'failed', 'held', 'rejected'];
const PATIENCE_MS = 30000;
// Short times, so that a test of a silence does not last.
const ANSWER_MS = 1500;

// Asks again until `check` says yes. Bounded, so that a failed test ends its host too.
export async function eventually(check) {
  const end = performance.now() + PATIENCE_MS;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS} ms for ${check}`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

export class World {
  // options: plain (no TLS), stock, settings (YAML lines), secret, prepare(server)
  static async open(options = {}) {
    const self = new World();
    try {
      await self.start(options);
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  tool(...args) {
    return execFileSync(join(top, 'tools/world.sh'), args, {
      cwd: top, env: { ...process.env, B: build }, stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  path(name) {
    return join(this.dir, name);
  }

  async start({ plain = false, stock = { P1: 1000, P2: 0 }, settings = [], secret = SECRET, prepare }) {
    this.scratch = mkdtempSync(join(tmpdir(), 'esimd-mytel-'));
    this.dir = join(this.scratch, 'world');
    this.plain = plain;
    this.tool('make', this.dir);
    this.server = await Server.open(plain ? undefined : {
      key: readFileSync(this.path('tls/server.key')), cert: readFileSync(this.path('tls/server.pem')),
    }, stock);
    prepare?.(this.server);
    this.sign();
    mkdirSync(this.path('secrets/mytel/default'), { recursive: true });
    copyFileSync(this.path('tls/ca.pem'), this.path('secrets/mytel/default/mytel.ca'));
    this.writeSecret(secret);
    writeFileSync(this.path('adapters.d/mytel.yaml'), [
      'settings:', `  client_id: ${CLIENT}`, ...settings.map((line) => `  ${line}`),
      'endpoints:', '  - name: mytel', `    url: ${plain ? 'tcp' : 'tls'}://${this.server.address}`, '',
    ].join('\n'));
    this.startHost();
  }

  // The manifest with short times, signed for development.
  sign() {
    const text = readFileSync(join(top, 'manifests/mytel.yaml'), 'utf8')
      .replace(/answer_ms: \d+/, `answer_ms: ${ANSWER_MS}`)
      .replace(/tls: server/, `tls: ${this.plain ? 'none' : 'server'}`)
      .replace(/ {2}- \{ name: mytel.ca.*\n/, this.plain ? '' : '$&');
    mkdirSync(this.path('adapters'));
    mkdirSync(this.path('templates'));
    copyFileSync(join(top, build, 'adapters/mytel.so'), this.path('adapters/mytel.so'));
    writeFileSync(this.path('templates/mytel.yaml'), text);
    execFileSync(join(top, 'tools/sign-dev.sh'), [
      this.path('templates/mytel.yaml'), this.path('adapters'), this.path('manifests'),
    ], { cwd: top });
  }

  startHost() {
    const settings = {
      'manifest.dir': this.path('manifests'),
      'adapter.dir': this.path('adapters'),
      'engine.retry_base_ms': 20,
      'engine.retry_most_ms': 50,
      'engine.poll_ms': 50,
    };
    this.tool('host', this.dir, ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]));
    const host = JSON.parse(readFileSync(this.path('host.json'), 'utf8'));
    this.base = `http://${host.http}`;
    this.pid = Number(readFileSync(this.path('host.pid'), 'utf8'));
    this.key = readFileSync(this.path('key'), 'utf8').trim();
  }

  async close() {
    this.tool('stop', this.dir);
    await this.server?.close();
    if (!process.env.KEEP_WORLD) rmSync(this.scratch, { recursive: true, force: true });
  }

  writeSecret(secret) {
    writeFileSync(this.path('secrets/mytel/default/login.secret'), secret);
  }

  log() {
    return readFileSync(this.path('host.log'), 'utf8');
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
    const placed = await this.ask('POST', '/v1/orders', { carrier: 'mytel', ...members });
    assert.ok(placed.id, JSON.stringify(placed));
    return placed;
  }

  async ended({ id }) {
    let found;
    await eventually(async () => {
      found = await this.ask('GET', `/v1/orders/${id}`);
      return ENDED.includes(found.state);
    });
    return found;
  }

  async order(members) {
    return this.ended(await this.place(members));
  }

  provision(members) {
    return this.order({
      type: 'profile.provision', plan: 'basic', profile_type: 'P1', device: { eid: EID }, ...members,
    });
  }

  line(type, msisdn, more) {
    return this.order({ type, msisdn, plan: 'basic', ...more });
  }

  health() {
    return this.ask('GET', '/v1/adapters/mytel');
  }
}

export { EID };
