// One order at a time, and a SIGKILL at one call of it. For each point: a fresh store, the
// host with kill_at.so, an order with a fixed Idempotency-Key; when the host has died, it
// is started again without the library, a client that was not answered asks again with
// the same key, and the order is followed to its end. Then order and ledger must agree.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { build } from '../scenario/world.mjs';
import { stories, Torture } from './order.mjs';

const SHORT_POINTS = 12;
const BEYOND = 5; // Two runs are not numbered exactly alike.

class KillTorture extends Torture {
  startArmed(point, count) {
    const { world } = this;
    return this.startFresh({
      LD_PRELOAD: join(build, 'tests/torture/kill_at.so'),
      KILL_ARM: world.path('armed'),
      KILL_AT: String(point.at),
      KILL_WHEN: point.when,
      KILL_CELL: point.cells ? '1' : '0',
      ...(count && { KILL_COUNT_FILE: count }),
    });
  }

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
  const torture = await KillTorture.open();
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
