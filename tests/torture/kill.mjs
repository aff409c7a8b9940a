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

import { build, EID, until, World } from '../scenario/world.mjs';

const SHORT_POINTS = 12;
const BEYOND = 5; // Two runs are not numbered exactly alike.
const ENDED = ['completed', 'failed', 'partial', 'held', 'cancelled'];

// What the carrier does, what the client does next, and how an order may then end: the
// states of the profile at the carrier, by the order's own state. A held order is one that
// nobody can tell about.
const stories = [
  { name: 'done', ends: { completed: ['Released'] } },
  {
    name: 'taken back',
    faults: [{ function: 'confirmOrder', fault: 'refuse', subject: '8.2.1', reason: '1.2' }],
    ends: { failed: ['Available'] },
  },
  { name: 'cancelled', then: 'cancel', ends: { cancelled: ['Available'] } },
  { name: 'notified', then: 'notify', ends: { completed: ['Released'] } },
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
    const config = ['--config', world.path('esimd.yaml'), ...world.arguments()];
    this.host = spawn(join(build, 'esimd'), config, {
      env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    this.ended = once(this.host, 'exit');
    const [line] = await Promise.race([
      once(createInterface({ input: this.host.stdout }), 'line'),
      this.ended.then(() => {
        throw new Error(`the host did not start: ${world.read('host.log').trim().split('\n').at(-1)}`);
      }),
    ]);
    ({ http: world.http, callback: world.callback } = JSON.parse(line));
    await until('the host to be ready', async () =>
      (await world.ask('GET', '/readyz')).status === 200);
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
      const words = JSON.stringify(reply.json);
      assert.equal(reply.status, 200, `an acknowledged order is gone: ${words}`);
      return ENDED.includes(reply.json.state) && reply.json;
    }).then((order) => (order.state === null ? null : order));
  }

  // The client's acts. Each may be done again by the same client of the next host; `run`
  // is what the client remembers. False when the host died first.
  async order(run) {
    let id = null;
    while (id === null && this.isAlive()) id = await this.place(run.key);
    if (id === null) return false;
    run.id ??= id;
    assert.equal(id, run.id, 'the key led to another order');
    run.order = await this.follow(id);
    return run.order !== null;
  }

  async cancel(run) {
    while (run.order?.state === 'completed') {
      assert.ok(!run.cancelled, 'an accepted cancellation is gone');
      const reply = await this.world.ask('POST', `/v1/orders/${run.id}/cancel`).catch(() => null);
      run.cancelled = reply?.status === 202;
      run.order = await this.follow(run.id);
    }
    return run.order !== null;
  }

  async notify(run) {
    while (run.order.state === 'completed' && !run.notified && this.isAlive()) {
      run.notified = await this.world.callBack('/callbacks/atom/handleDownloadProgressInfo', {
        header: { functionRequesterIdentifier: '1.2.3', functionCallIdentifier: 'n' },
        iccid: run.order.iccid,
        eid: EID,
        profileType: 'P1',
        timestamp: '2030-01-01T00:00:00Z',
        notificationPointId: 3,
        notificationPointStatus: { status: 'Executed-Success' },
      }).catch(() => 0) === 204;
    }
    return run.order.state !== 'completed' || run.notified === true;
  }

  // As far as this host lives.
  async work(story, run) {
    return await this.order(run) && (!story.then || this[story.then](run));
  }

  // ---- a point ----

  async count(story, cells) {
    const file = this.world.path('count');
    await this.begin(story);
    await this.startArmed({ at: 0, when: 'before', cells }, file);
    const run = { key: 'count' };
    await this.arm(story, run);
    assert.ok(await this.work(story, run), 'the host died by itself');
    assert.ok(run.order.state in story.ends, JSON.stringify(run.order));
    await this.stop('SIGTERM');
    return Number(readFileSync(file, 'utf8'));
  }

  async begin(story) {
    await this.world.control('DELETE', '/sandbox/faults');
    for (const fault of story.faults ?? []) await this.world.fault(fault);
    this.from = await this.world.ledgerEnd();
  }

  // Calls count from here: from the order, or from what the client does after it.
  async arm(story, run) {
    if (story.then) assert.ok(await this.order(run), 'the host died by itself');
    writeFileSync(this.world.path('armed'), '');
  }

  async strike(story, point) {
    await this.begin(story);
    await this.startArmed(point);
    const run = { key: 'the-key' };
    await this.arm(story, run);
    const seen = await this.work(story, run) && run.order.state;
    await this.stop('SIGKILL'); // When it was not killed yet: the end is for good, too.
    await this.start();
    assert.ok(await this.work(story, run), 'the host died by itself');
    const { state } = run.order;
    if (seen) assert.equal(state, seen, 'an end was undone');
    if (point.cells) assert.notEqual(state, 'held', 'a cell\'s death left a doubt');
    await this.judge(story, run);
    await this.stop('SIGKILL');
    return state;
  }

  async judge(story, { id, order, notified }) {
    const { world } = this;
    const ledger = await world.ledger(this.from);
    const lines = (kind) => ledger.filter((line) => line.kind === kind);
    const changes = lines('state').map((line) => line.by.split(':')[1]);
    const asked = lines('request').map((line) => line.function);
    assert.equal(new Set(changes).size, changes.length, `an effect twice: ${changes}`);
    for (const name of ONCE) {
      const times = asked.filter((each) => each === name).length;
      assert.ok(times <= 1, `${name} was sent again: ${asked}`);
    }
    if (order.state !== 'held') {
      const { state } = await world.carriersProfile(ledger.find((line) => line.iccid).iccid);
      assert.ok(story.ends[order.state]?.includes(state),
        `the order is ${order.state}, the profile is ${state}`);
    }
    if (notified) {
      const profile = (await this.get(`/v1/profiles/${order.iccid}`)).json;
      assert.equal(profile.state, 'Downloaded', 'an answered notification is gone');
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
  const step = (all.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => all[Math.round(i * step)]);
}

const isLong = process.env.TORTURE === 'long';
const totals = { passed: 0, failed: 0 };

async function strikeAll(torture, story, cells) {
  const who = `${story.name}, ${cells ? 'cells' : 'host'} killed`;
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
      console.log(`${who} ${point.when} call ${point.at}: ${error.message}`);
      await torture.stop('SIGKILL');
    }
  }
  const words = Object.entries(states).map(([state, count]) => `${count} ${state}`).join(', ');
  const each = Math.round((performance.now() - began) / points.length);
  console.log(`${who}: ${calls} calls, ${points.length} points: ${words}; ${each} ms each`);
}

async function main() {
  const modes = { 0: [false], 1: [true] }[process.env.KILL_CELL] ?? [false, true];
  const torture = await Torture.open();
  try {
    for (const cells of modes) {
      for (const story of stories) await strikeAll(torture, story, cells);
    }
  } finally {
    if (torture.host) await torture.stop('SIGKILL');
    await torture.world.close();
  }
  console.log(`kill: ${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

await main();
