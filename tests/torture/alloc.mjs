// One order at a time, and an allocation of the host that fails in it: alone, or with
// those that follow it. The host may answer with a problem, end the connection, or end
// itself where it cannot know what its disk holds; it may not crash, hang, forget or leak.
// Then it is started again without the library, and order and ledger must agree.
//
//   ALLOC_STORY=done      only this one, or "start": from the start to readiness
//   ALLOC_IN_A_ROW=1,50   how many fail, alone or in a row
//   ALLOC_POINTS=400      of each, in the long form
//   ALLOC_AT=N            only this one; for a failure the host's log tells who asked

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { build, top } from '../scenario/world.mjs';
import { stories, Torture } from './order.mjs';

const SHORT_POINTS = 6;
const LONG_POINTS = Number(process.env.ALLOC_POINTS ?? 400);
const IN_A_ROW = (process.env.ALLOC_IN_A_ROW ?? '1,50').split(',').map(Number);
// Ends that the host may choose: host/store/store.h, host/base/memory.h.
const ENDS = { 74: /store\.failed/, 71: /memory\.used_up/ };
const TROUBLE = [500, 503];
// What is claimed is soon due again, for the host that lost sight of it.
const SETTINGS = { 'engine.lease_ms': 1000 };

class AllocTorture extends Torture {
  isAnswer(status) {
    return !TROUBLE.includes(status);
  }

  environment({ at, count = 1, counts, arm = true }) {
    const { world } = this;
    return {
      LD_PRELOAD: join(build, 'tests/torture/fail_at.so'),
      // In a start OpenSSL loses names for which its tables have no room; it makes them once.
      ASAN_OPTIONS: `verify_asan_link_order=0:handle_abort=1:detect_leaks=${arm ? 1 : 0}`,
      LSAN_OPTIONS: `suppressions=${join(top, 'tests/torture/fail_at.supp')}:print_suppressions=0`,
      FAIL_AT: String(at),
      FAIL_COUNT: String(count),
      FAIL_TRACE: '1',
      ...(arm && { FAIL_ARM: world.path('armed') }),
      ...(counts && { FAIL_COUNT_FILE: counts }),
    };
  }

  // What the host wrote since `begin`.
  said() {
    return this.world.read('host.log').slice(this.logFrom);
  }

  async begin(story) {
    await super.begin(story);
    this.logFrom = statSync(this.world.path('host.log'), { throwIfNoEntry: false })?.size ?? 0;
  }

  // ---- from the start to readiness ----

  async countStart() {
    const counts = this.world.path('count');
    await this.begin({});
    await this.startFresh(this.environment({ at: 0, counts, arm: false }));
    await this.stop('SIGTERM');
    return Number(readFileSync(counts, 'utf8'));
  }

  // It starts, or says why not; and the next one starts.
  async strikeStart(point) {
    await this.begin({});
    const words = await this.startFresh(this.environment({ ...point, arm: false }))
      .then(() => 'started', (error) => error.message);
    await this.stop('SIGTERM');
    const refused = /the host did not start/.test(words);
    if (refused && this.host.exitCode === 1) assert.match(this.said(), /"level":"error"/);
    else if (!refused) assert.equal(words, 'started');
    if (!refused || this.host.exitCode !== 1) this.judgeEnd();
    const how = this.host.exitCode === 0 ? 'started' : `ended with ${this.host.exitCode}`;
    await this.start();
    await this.stop('SIGKILL');
    return how;
  }

  // ---- in an order ----

  async count(story) {
    const counts = this.world.path('count');
    const run = { key: 'count' };
    await this.begin(story);
    await this.startFresh(this.environment({ at: 0, counts }));
    await this.arm(story, run);
    assert.ok(await this.work(story, run), 'the host died by itself');
    assert.ok(run.order.state in story.ends, JSON.stringify(run.order));
    await this.stop('SIGTERM');
    return Number(readFileSync(counts, 'utf8'));
  }

  judgeEnd() {
    const { exitCode, signalCode } = this.host;
    const said = this.said();
    assert.doesNotMatch(said, /Sanitizer|runtime error|Assertion/);
    assert.equal(signalCode, null, 'the host crashed');
    if (exitCode in ENDS) assert.match(said, ENDS[exitCode]);
    else assert.equal(exitCode, 0, 'the host ended with an error');
  }

  async strike(story, point) {
    await this.begin(story);
    await this.startFresh(this.environment(point));
    const run = { key: 'the-key' };
    await this.arm(story, run);
    const seen = await this.work(story, run) && run.order.state;
    await this.stop('SIGTERM');
    this.judgeEnd();
    const how = this.host.exitCode === 0 ? 'went on' : `ended with ${this.host.exitCode}`;
    await this.start();
    assert.ok(await this.work(story, run), 'the host died by itself');
    if (seen) assert.equal(run.order.state, seen, 'an end was undone');
    await this.judge(story, run);
    await this.stop('SIGKILL');
    return `${run.order.state}, ${how}`;
  }
}

// As many numbers as asked for, evenly spread.
function pointsOf(calls, most, count) {
  if (process.env.ALLOC_AT) return [{ at: Number(process.env.ALLOC_AT), count }];
  const step = Math.max(1, calls / most);
  const from = count > 1 ? step / 2 : 0; // Other places than with the other count.
  return Array.from({ length: Math.min(most, calls) }, (_, i) =>
    ({ at: Math.max(1, Math.round(from + i * step)), count }));
}

const isWanted = (name) => [undefined, name].includes(process.env.ALLOC_STORY);
const isLong = process.env.TORTURE === 'long';
const totals = { passed: 0, failed: 0 };

async function strikeAll(torture, name, strike, calls, count) {
  const points = pointsOf(calls, isLong ? LONG_POINTS : SHORT_POINTS, count);
  const ends = {};
  let longest = 0;
  const began = performance.now();
  for (const point of points) {
    try {
      const from = performance.now();
      const end = await strike(point);
      longest = Math.max(longest, performance.now() - from);
      ends[end] = (ends[end] ?? 0) + 1;
      totals.passed += 1;
    } catch (error) {
      totals.failed += 1;
      console.log(`${name}, allocation ${point.at}, ${count} in a row: ${error.message}`);
      console.log(torture.said().replace(/^/gm, '    '));
      await torture.stop('SIGKILL').catch(() => {});
    }
  }
  const words = Object.entries(ends).map(([end, times]) => `${times} ${end}`).join('; ');
  const each = Math.round((performance.now() - began) / points.length);
  console.log(`${name}, ${count} in a row of ${calls}: ${points.length} points: ${words}; ${each} ms each, ${Math.round(longest)} at most`);
}

async function main() {
  const torture = await AllocTorture.open(SETTINGS);
  try {
    const starts = isWanted('start') && await torture.countStart();
    for (const count of starts ? IN_A_ROW : []) {
      await strikeAll(torture, 'start', (point) => torture.strikeStart(point), starts, count);
    }
    for (const story of stories.filter(({ name }) => isWanted(name))) {
      const calls = await torture.count(story);
      for (const count of IN_A_ROW) {
        await strikeAll(torture, story.name, (point) => torture.strike(story, point), calls, count);
      }
    }
  } finally {
    if (torture.host) await torture.stop('SIGKILL');
    await torture.world.close();
  }
  console.log(`alloc: ${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

await main();
