// What the tortures of an order have in common: a world whose sandbox serves all points, a
// fresh store for each, an order with a fixed Idempotency-Key, a client that asks again
// until it is answered, and what must be true when all is over.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync, openSync, closeSync, rmSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { build, EID, until, World } from '../scenario/world.mjs';

const NOTIFY_MS = 20000;
const ENDED = ['completed', 'failed', 'partial', 'held', 'cancelled'];

// What the carrier does, what the client does next, and how an order may then end: the
// states of the profile at the carrier, by the order's own state. A held order is one that
// nobody can tell about.
export const stories = [
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

export class Torture {
  static async open(settings = {}) {
    const torture = new this();
    torture.world = await World.open({ host: false, stock: ['P1=100000'], settings });
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
    await until('the host to be ready', async () => !this.isAlive() ||
      (await world.ask('GET', '/readyz').catch(() => ({}))).status === 200);
  }

  isAlive() {
    return this.host.exitCode === null && this.host.signalCode === null;
  }

  async stop(signal) {
    if (this.isAlive()) this.host.kill(signal);
    await until(`the host's end after ${signal}`, () => !this.isAlive());
  }

  startFresh(environment) {
    const { world } = this;
    rmSync(world.path('armed'), { force: true });
    rmSync(world.path('data'), { recursive: true, force: true });
    cpSync(world.path('fresh'), world.path('data'), { recursive: true });
    return this.start(environment);
  }

  // ---- the client ----

  // A dead policy cell is a reason to come again, not an answer: "Come back later".
  isAnswer(status) {
    return status !== 503;
  }

  async get(path) {
    return until(`an answer to ${path}`, async () => {
      const reply = await this.world.ask('GET', path);
      return this.isAnswer(reply.status) && reply;
    });
  }

  // The order's id when the client was told it.
  async place(key) {
    try {
      const reply = await this.world.placeOrder({}, { key });
      if (!this.isAnswer(reply.status)) return null;
      assert.ok([200, 202].includes(reply.status), JSON.stringify(reply.json));
      return reply.json.id;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return null;
    }
  }

  // Null when the host died first.
  async follow(id) {
    let words = 'nothing heard of it';
    return until('the order to end', async () => {
      if (!this.isAlive()) return { state: null };
      const reply = await this.get(`/v1/orders/${id}`).catch(() => null);
      if (reply === null) return false;
      words = JSON.stringify(reply.json);
      assert.equal(reply.status, 200, `an acknowledged order is gone: ${words}`);
      return ENDED.includes(reply.json.state) && reply.json;
    }).catch((error) => {
      throw new Error(`${error.message}: ${words}`, { cause: error });
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
    const due = performance.now() + NOTIFY_MS;
    while (run.order.state === 'completed' && !run.notified && this.isAlive()) {
      assert.ok(performance.now() < due, 'no notification is taken');
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
