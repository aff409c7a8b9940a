// One order at a time, and a SIGKILL at one call of it. For each point: a fresh store, the
// host with kill_at.so, an order with a fixed Idempotency-Key; when the host has died, it
// is started again without the library, a client that was not answered asks again with
// the same key, and the order is followed to its end. Then order and ledger must agree.
// Keys, certificates and the sandbox serve all points.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync, existsSync, openSync, closeSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { build, until, World } from '../scenario/world.mjs';

const SHORT_POINTS = 40;
const BEYOND = 5; // Two runs are not numbered exactly alike.
const ENDED = ['completed', 'failed', 'partial', 'held', 'cancelled'];

// What the carrier does, and how an order may then end: the states of the profile there,
// by the order's own state. A held order is one that nobody can tell about.
const stories = [
  { name: 'done', ends: { completed: ['Released'] } },
  {
    name: 'taken back',
    faults: [{ function: 'confirmOrder', fault: 'refuse', subject: '8.2.1', reason: '1.2' }],
    ends: { failed: ['Available'] },
  },
];
// Those that may be asked once; a second time is a blind resend.
const ONCE = ['downloadOrder', 'confirmOrder', 'cancelOrder'];

class Torture {
  static async open() {
    const torture = new Torture();
    torture.world = await World.open({ host: false, stock: ['P1=100000'] });
    cpSync(torture.world.path('data'), torture.world.path('fresh'), { recursive: true });
    return torture;
  }

  // ---- the host ----

  async start(environment = {}) {
    const { world } = this;
    const log = openSync(world.path('host.log'), 'a');
    this.host = spawn(join(build, 'esimd'), ['--config', world.path('esimd.yaml'), ...world.arguments()], {
      env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    this.ended = once(this.host, 'exit');
    const [line] = await Promise.race([
      once(createInterface({ input: this.host.stdout }), 'line'),
      this.ended.then(() => { throw new Error('the host did not start'); }),
    ]);
    world.http = JSON.parse(line).http;
    await until('the host to be ready', async () => (await world.ask('GET', '/readyz')).status === 200);
  }

  isAlive() {
    return this.host.exitCode === null && this.host.signalCode === null;
  }

  async stop(signal) {
    if (this.isAlive()) this.host.kill(signal);
    await this.ended;
  }

  startArmed(point, count) {
    const { world } = this;
    rmSync(world.path('armed'), { force: true });
    rmSync(world.path('data'), { recursive: true, force: true });
    cpSync(world.path('fresh'), world.path('data'), { recursive: true });
    return this.start({
      LD_PRELOAD: join(build, 'tests/torture/kill_at.so'),
      KILL_ARM: world.path('armed'),
      KILL_AT: String(point.at),
      KILL_WHEN: point.when,
      KILL_CELL: point.cells ? '1' : '0',
      ...(count && { KILL_COUNT_FILE: count }),
    });
  }

  // ---- the client ----

  // A dead policy cell is a reason to come again, not an answer: "Come back later".
  async get(path) {
    return until(`an answer to ${path}`, async () => {
      const reply = await this.world.ask('GET', path);
      return reply.status !== 503 && reply;
    });
  }

  // The order's id when the client was told it.
  async place(key) {
    try {
      const reply = await this.world.placeOrder({}, { key });
      if (reply.status === 503) return null;
      assert.ok([200, 202].includes(reply.status), JSON.stringify(reply.json));
      return reply.json.id;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return null;
    }
  }

  // Null when the host died first.
  async follow(id) {
    return until('the order to end', async () => {
      if (!this.isAlive()) return { state: null };
      const reply = await this.get(`/v1/orders/${id}`).catch(() => null);
      if (reply === null) return false;
      assert.equal(reply.status, 200, `an acknowledged order is gone: ${JSON.stringify(reply.json)}`);
      return ENDED.includes(reply.json.state) && reply.json;
    });
  }

  // Follows the order as far as this host lives.
  async work(key) {
    let id = null;
    while (id === null && this.isAlive()) id = await this.place(key);
    return { id, order: id && await this.follow(id) };
  }

  // ---- a point ----

  async count(story, cells) {
    const file = this.world.path('count');
    await this.begin(story);
    await this.startArmed({ at: 0, when: 'before', cells }, file);
    writeFileSync(this.world.path('armed'), '');
    const { order } = await this.work('count');
    assert.ok(order.state in story.ends, JSON.stringify(order));
    await this.stop('SIGTERM');
    return Number(readFileSync(file, 'utf8'));
  }

  async begin(story) {
    await this.world.control('DELETE', '/sandbox/faults');
    for (const fault of story.faults ?? []) await this.world.fault(fault);
    this.from = await this.world.ledgerEnd();
  }

  async strike(story, point) {
    await this.begin(story);
    await this.startArmed(point);
    writeFileSync(this.world.path('armed'), '');
    const before = await this.work('the-key');
    await this.stop('SIGKILL'); // When it was not killed yet: the end is for good, too.
    await this.start();
    const { id, order } = await this.work('the-key');
    if (point.cells) assert.notEqual(order.state, 'held', 'a cell\'s death left a doubt');
    if (before.id !== null) assert.equal(id, before.id, 'the key led to another order');
    if (before.order?.state) assert.equal(order.state, before.order.state, 'an end was undone');
    await this.judge(story, id, order);
    await this.stop('SIGKILL');
    return order.state;
  }

  async judge(story, id, order) {
    const { world } = this;
    const ledger = await world.ledger(this.from);
    const changes = ledger.filter((line) => line.kind === 'state').map((line) => line.by.split(':')[1]);
    const asked = ledger.filter((line) => line.kind === 'request').map((line) => line.function);
    assert.equal(new Set(changes).size, changes.length, `an effect twice: ${changes}`);
    for (const name of ONCE) {
      assert.ok(asked.filter((each) => each === name).length <= 1, `${name} was sent again: ${asked}`);
    }
    if (order.state !== 'held') {
      const { state } = await world.carriersProfile(ledger.find((line) => line.iccid).iccid);
      assert.ok(story.ends[order.state]?.includes(state), `the order is ${order.state}, the profile is ${state}`);
    }
    const { items } = (await this.get('/v1/orders')).json;
    assert.deepEqual(items.map((each) => each.id), [id]);
    const audit = (await this.get('/v1/audit/verify')).json;
    assert.equal(audit.ok, true, audit.problem);
  }
}

// Every point, or as many as asked for, evenly spread with the first and the last.
function pointsOf(calls, cells, most) {
  const all = [];
  for (let at = 1; at <= calls; at += 1) {
    for (const when of ['before', 'after']) all.push({ at, when, cells });
  }
  if (most >= all.length) return all;
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))]);
}

async function main() {
  const isLong = process.env.TORTURE === 'long';
  const modes = [false, true].filter((cells) => process.env.KILL_CELL === undefined
    || (process.env.KILL_CELL === '1') === cells);
  const totals = { passed: 0, failed: 0 };
  const torture = await Torture.open();
  try {
    for (const cells of modes) {
      for (const story of isLong ? stories : stories.slice(0, 1)) {
        const calls = await torture.count(story, cells);
        const points = pointsOf(calls + (isLong ? BEYOND : 0), cells, isLong ? Infinity : SHORT_POINTS);
        const states = {};
        const began = performance.now();
        for (const point of points) {
          try {
            const state = await torture.strike(story, point);
            states[state] = (states[state] ?? 0) + 1;
            totals.passed += 1;
          } catch (error) {
            totals.failed += 1;
            console.log(`${story.name}, ${cells ? 'cells' : 'host'} killed ${point.when} call ${point.at}: ${error.message}`);
            await torture.stop('SIGKILL');
          }
        }
        const words = Object.entries(states).map(([state, count]) => `${count} ${state}`).join(', ');
        const each = Math.round((performance.now() - began) / points.length);
        console.log(`${story.name}, ${cells ? 'cells' : 'host'} killed: ${calls} calls, ${points.length} points: ${words}; ${each} ms each`);
      }
    }
  } finally {
    if (torture.host) await torture.stop('SIGKILL');
    await torture.world.close();
  }
  console.log(`torture: ${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

await main();
