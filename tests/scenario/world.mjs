// A world for one test file: a folder made by tools/world.sh, a sandbox, a host, and what
// a test wants to know about them. Everything is on loopback with free ports and is
// stopped by its process id.

import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PATIENCE_MS = 20000;

export const top = fileURLToPath(new URL('../../', import.meta.url));
export const build = join(top, process.env.B ?? 'build/debug');

// Short times, so that a test of a timeout does not last. A breaker that never opens,
// for it has a test of its own.
const LIMITS = {
  limits: { cpu_ms: 1000, wall_ms: 5000, in_flight: 64, reply_bytes: 262144, timeout_ms: 1500 },
  breaker: { failures: 1000, window_ms: 1000, open_ms: 300, probes: 1 },
};
// What tools/world.sh places before a side.
const ADAPTERS = {
  smdp: 'atom', soap: 'ooredoo', smsc: 'mpt', mytel: 'mytel', graph: 'intune',
};
const SETTINGS = {
  'engine.retry_base_ms': 20,
  'engine.retry_most_ms': 200,
  'engine.poll_ms': 50,
};

// Asks again until `look` gives something; `what` is for the message when it never does.
export async function until(what, look, patienceMs = PATIENCE_MS) {
  const end = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${patienceMs} ms for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

// A program whose first line is JSON with its address.
export async function startProgram(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${command} ended with ${code} before it told its address`);
    }),
  ]);
  return {
    ...JSON.parse(line),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function isAlive(pid) {
  try {
    // A dead child that nobody has waited for is dead enough.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function endProcess(pid, signal) {
  process.kill(pid, signal);
  await until(`the end of process ${pid} after ${signal}`, () => !isAlive(pid));
}

const yamlOf = (blocks) => Object.entries(blocks).map(([name, rows]) =>
  `${name}:\n${Object.entries(rows).map(([key, value]) => `  ${key}: ${value}\n`).join('')}`)
  .join('');

export class World {
  // options: side (of the sandbox: "smdp"), stock (["P1=100"]), sandbox (false: none; or its
  // arguments), host (false: none), limits, settings, keys ({ name: [tenant, role] } beside
  // the admin of acme), prepare(world) before the start.
  static async open(options = {}) {
    const world = new World(options);
    try {
      await world.begin();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  constructor(options) {
    this.options = options;
    this.side = options.side ?? 'smdp';
    this.adapter = ADAPTERS[this.side];
    this.dir = mkdtempSync(join(tmpdir(), 'esimd-world-'));
    this.keys = {};
    this.peers = [];
  }

  async begin() {
    const { keys = {}, prepare, sandbox = true, host = true } = this.options;
    await this.sh('make');
    this.keys.admin = this.read('key').trim();
    for (const [name, [tenant, role]] of Object.entries(keys)) {
      this.keys[name] = this.createKey(tenant, role, name);
    }
    this.signAdapter(this.adapter, this.options.limits);
    if (sandbox) await this.startSandbox(...(Array.isArray(sandbox) ? sandbox : []));
    if (prepare) await prepare(this);
    if (host) await this.start();
  }

  sh(command, ...args) {
    return run(join(top, 'tools/world.sh'), [command, this.dir, ...args], {
      env: { ...process.env, B: build },
    });
  }

  path(name) {
    return join(this.dir, name);
  }

  read(name) {
    return readFileSync(this.path(name), 'utf8');
  }

  write(name, text) {
    writeFileSync(this.path(name), text);
  }

  // ---- what is made before the start ----

  createKey(tenant, role, subject) {
    return execFileSync(join(build, 'esimd'), [
      '--config', this.path('esimd.yaml'), '--create-key', tenant, role, subject,
    ], { encoding: 'utf8' }).trim();
  }

  // A manifest with a test's own limits, signed for development.
  signAdapter(name, limits = {}, text = readFileSync(join(top, `manifests/${name}.yaml`), 'utf8')) {
    const blocks = {
      limits: { ...LIMITS.limits, ...limits.limits },
      breaker: { ...LIMITS.breaker, ...limits.breaker },
    };
    const [head] = text.split(/^limits:/m);
    mkdirSync(this.path('templates'), { recursive: true });
    mkdirSync(this.path('adapters'), { recursive: true });
    this.write(`templates/${name}.yaml`, `${head}${yamlOf(blocks)}`);
    const object = [`adapters/${name}.so`, `tests/adapters/${name}.so`]
      .map((each) => join(build, each)).find(existsSync);
    copyFileSync(object, this.path(`adapters/${name}.so`));
    execFileSync(join(top, 'tools/sign-dev.sh'), [
      this.path(`templates/${name}.yaml`), this.path('adapters'), this.path('manifests'),
    ], { cwd: top });
  }

  // The shipped policy in this world's own folder, with a revision and what `edit` makes of
  // each file ((name, text) => text), signed for development.
  signPolicy(revision, edit = (name, text) => text) {
    mkdirSync(this.path('policies'), { recursive: true });
    mkdirSync(this.path('templates'), { recursive: true });
    const shipped = (name) => edit(name, readFileSync(join(top, 'policies', name), 'utf8'));
    for (const name of ['rbac.lua', 'routing.lua']) this.write(`policies/${name}`, shipped(name));
    this.write('templates/policy.yaml', shipped('policy.yaml')
      .replace(/^revision: \d+$/m, `revision: ${revision}`));
    execFileSync(join(top, 'tools/sign-dev.sh'), [
      this.path('templates/policy.yaml'), this.path('policies'), this.path('policies'),
    ], { cwd: top });
  }

  async startSandbox(...args) {
    const stock = (this.options.stock ?? ['P1=1000']).flatMap((each) => ['--stock', each]);
    await this.sh('sandbox', this.side, ...stock, ...args);
    this.sandbox = JSON.parse(this.read(`${this.side}.json`));
  }

  async stopSandbox() {
    await endProcess(Number(this.read(`${this.side}.pid`)), 'SIGTERM');
    rmSync(this.path(`${this.side}.pid`));
  }

  // One more carrier of the same kind, with its own ledger.
  async startOtherSandbox(stock, prefix) {
    const peer = await startProgram(join(build, 'esim-sandbox'), [
      'smdp', '--tls-dir', this.path('tls'), '--control', '127.0.0.1:0',
      '--iccid-prefix', prefix, ...stock.flatMap((each) => ['--stock', each]),
    ]);
    this.peers.push(peer);
    return peer;
  }

  // ---- the host ----

  arguments() {
    const settings = {
      ...SETTINGS,
      'manifest.dir': this.path('manifests'),
      'adapter.dir': this.path('adapters'),
      ...(existsSync(this.path('policies')) && { 'policy.dir': this.path('policies') }),
      ...this.options.settings,
    };
    return Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  }

  async start() {
    try {
      await this.sh('host', ...this.arguments());
    } catch (error) {
      throw new Error(`${error.message}\n${this.read('host.log')}`);
    }
    ({ http: this.http, callback: this.callback } = JSON.parse(this.read('host.json')));
    this.pid = Number(this.read('host.pid'));
  }

  cells(name = 'esim-cell') {
    const found = [];
    for (const entry of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
      try {
        const [, comm, state, parent] = readFileSync(`/proc/${entry}/stat`, 'utf8')
          .match(/^\d+ \((.*)\) (\S) (\d+)/);
        if (comm === name && state !== 'Z' && Number(parent) === this.pid) found.push(Number(entry));
      } catch {
        // It has gone in the meantime.
      }
    }
    return found;
  }

  // One that has no business here: { status, stderr }.
  secondHost() {
    return spawnSync(join(build, 'esimd'), [
      '--config', this.path('esimd.yaml'), ...this.arguments(), '--set', 'store.lock_wait_ms=100',
    ], { encoding: 'utf8', timeout: PATIENCE_MS });
  }

  async end(signal) {
    await endProcess(this.pid, signal);
    rmSync(this.path('host.pid'));
  }

  // The next one is started while the killed one still ends.
  async killAndStart() {
    process.kill(this.pid, 'SIGKILL');
    rmSync(this.path('host.pid'));
    await this.start();
  }

  async close() {
    for (const peer of this.peers) await peer.stop();
    await this.sh('stop');
    const findings = ['host.log', `${this.side}.log`].map((name) => this.path(name)).filter(existsSync)
      .map((path) => readFileSync(path, 'utf8')).join('')
      .match(/^.*(Sanitizer|runtime error).*$/gm);
    if (!process.env.KEEP_WORLD) rmSync(this.dir, { recursive: true, force: true });
    if (findings) throw new Error(findings.join('\n'));
  }

  // ---- HTTP ----

  // { status, headers, json, bytes }. `as`: whose key; null: none.
  async ask(method, path, { body, headers = {}, as = 'admin' } = {}) {
    const reply = await fetch(`http://${this.http}${path}`, {
      method,
      headers: {
        ...(as && { Authorization: `Bearer ${this.keys[as]}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const bytes = Buffer.from(await reply.arrayBuffer());
    const isJson = /json/.test(reply.headers.get('content-type') ?? '');
    return {
      status: reply.status,
      headers: reply.headers,
      bytes,
      json: isJson ? JSON.parse(bytes.toString('utf8')) : undefined,
    };
  }

  async get(path, as) {
    return (await this.ask('GET', path, { as })).json;
  }

  placeOrder(members = {}, { key = `k-${Math.random()}`, as, headers } = {}) {
    return this.ask('POST', '/v1/orders', {
      as,
      headers: { 'Idempotency-Key': key, ...headers },
      body: {
        type: 'profile.provision',
        plan: 'gold',
        carrier: this.adapter,
        device: { eid: EID },
        profile_type: 'P1',
        ...members,
      },
    });
  }

  // Every event after `after`, oldest first.
  async events(after = 0, as = 'admin') {
    const all = [];
    for (let from = after; ;) {
      const { items } = await this.get(`/v1/events?after=${from}&limit=500`, as);
      all.push(...items);
      if (items.length < 500) return all;
      from = items.at(-1).sequence;
    }
  }

  // A metric's value by its whole name with labels; 0 when it is not there.
  async metric(name) {
    const { bytes } = await this.ask('GET', '/metrics');
    const line = bytes.toString('utf8').split('\n').find((each) => each.startsWith(`${name} `));
    return line ? Number(line.slice(name.length + 1)) : 0;
  }

  // ---- the carrier ----

  async control(method, path, body, at = this.sandbox) {
    const reply = await fetch(`http://${at.control}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return text;
  }

  async ledger(after = 0, at = this.sandbox) {
    const text = await this.control('GET', `/sandbox/ledger?after=${after}`, undefined, at);
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  // The last line's number; 0 when nothing has happened yet.
  async ledgerEnd(at = this.sandbox) {
    return (await this.ledger(0, at)).at(-1)?.seq ?? 0;
  }

  async carriersProfile(iccid, at = this.sandbox) {
    return JSON.parse(await this.control('GET', `/sandbox/profiles/${iccid}`, undefined, at));
  }

  fault(members, at = this.sandbox) {
    return this.control('POST', '/sandbox/faults', members, at);
  }

  // A device scans the code; `how` is { outcome, repeat, step_ms }.
  install(eid, activationCode, how = {}, at = this.sandbox) {
    return this.control('POST', `/sandbox/devices/${eid}/install`, {
      activation_code: activationCode, ...how,
    }, at);
  }

  async revealCode(iccid, as) {
    return (await this.get(`/v1/profiles/${iccid}/activation-code`, as)).activation_code;
  }

  // Calls the host as a carrier would, with the certificate of that name; null: none.
  callBack(path, members, certificate = 'carrier') {
    const text = JSON.stringify(members);
    const [host, port] = this.callback.split(':');
    return new Promise((resolve, reject) => {
      const request = https.request({
        host,
        port,
        path,
        method: 'POST',
        agent: false,
        ca: this.read('tls/ca.pem'),
        ...(certificate && {
          cert: this.read(`tls/${certificate}.pem`), key: this.read(`tls/${certificate}.key`),
        }),
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(text),
          'X-Admin-Protocol': 'gsma/rsp/v2.2.0',
        },
      }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      });
      request.on('error', reject);
      request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`no answer to ${path}`)));
      request.end(text);
    });
  }
}

export const EID = '89049032123451234512345678901235';

// An asked function and its effects, by function: { downloadOrder: '2 asked, 1 done' }.
// An effect is a change of state at the carrier, not an answer that says so.
export function summary(ledger) {
  const counts = {};
  const of = (name) => { counts[name] ??= { asked: 0, done: 0 }; return counts[name]; };
  for (const line of ledger) {
    if (line.kind === 'request' || line.kind === 'refused') of(line.function).asked += 1;
    const by = line.kind === 'state' && /:(\w+)$/.exec(line.by ?? '');
    if (by) of(by[1]).done += 1;
  }
  return Object.fromEntries(Object.entries(counts)
    .map(([name, { asked, done }]) => [name, `${asked} asked, ${done} done`]));
}
