// A scenario is a title and a list of lines, each { who or what: what of it }. Lines are
// told in order; those that expect something wait for it, at most as long as `until`.
//
//   { carrier: { downloadOrder: 'drop_before' } }   what goes wrong next; or { fault, ms, .. }
//   { client: 'orders' } or { orders: { ...members } }
//   { client: 'cancels' }, { operator: 'not_done' }, { operator: ['done', result] }
//   { device: 'installs' } or { device: { outcome, repeat } }
//   { told: 9 }                                     so many notifications the carrier has sent
//   { order: 'acknowledged inProgress' }            order.state events since the last such line
//   { profile: 'Linked Confirmed' }                 profile.state events, likewise
//   { waited: ['pending', 'inProgress', 1000] }     so many ms at least lay between the two
//   { ledger: { downloadOrder: '2 asked, 1 done' } } since the beginning; nothing else
//   { problem: 'no_answer' }, { heldFor: /carrier/ }, { refused: 409 }
//
// At the end there must be no event of the order or its profile that no line expected.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EID, summary, until } from './world.mjs';

class Telling {
  constructor(world) {
    this.world = world;
    this.seen = { order: 0, profile: 0 };
  }

  async begin() {
    this.eventsFrom = (await this.world.events()).at(-1)?.sequence ?? 0;
    this.ledgerFrom = await this.world.ledgerEnd();
  }

  async show() {
    return this.world.get(`/v1/orders/${this.id}`);
  }

  async stateEvents(noun) {
    const events = await this.world.events(this.eventsFrom);
    const { iccid } = noun === 'profile' ? await this.show() : {};
    const subject = noun === 'profile' ? `profile/${iccid}` : `order/${this.id}`;
    return events.filter((each) => each.type === `${noun}.state` && each.subject === subject);
  }

  // The states told so far of the order, or of its profile.
  async states(noun) {
    return (await this.stateEvents(noun)).map((each) => each.data.state);
  }

  async expectStates(noun, wanted) {
    const isPattern = wanted instanceof RegExp;
    const matches = (text) => (isPattern ? wanted.test(text)
      : text.split(' ').length >= wanted.split(' ').length && text !== '');
    let told = [];
    try {
      await until(`the ${noun} to be ${wanted}`, async () => {
        told = (await this.states(noun)).slice(this.seen[noun]);
        return matches(told.join(' '));
      });
    } catch (error) {
      const order = JSON.stringify(await this.show());
      throw new Error(`${error.message}; it was ${told.join(' ')}; ${order}`);
    }
    if (!isPattern) assert.equal(told.join(' '), wanted);
    this.seen[noun] += told.length;
  }

  async change(path, body) {
    const reply = await this.world.ask('POST', `/v1/orders/${this.id}${path}`, { body });
    this.status = reply.status;
  }

  async end() {
    for (const noun of ['order', ...((await this.show()).iccid ? ['profile'] : [])]) {
      const rest = (await this.states(noun)).slice(this.seen[noun]);
      assert.deepEqual(rest, [], `states of the ${noun} that nobody expected`);
    }
  }
}

const verbs = {
  async carrier(telling, faults) {
    if (faults === 'is well') {
      await telling.world.control('DELETE', '/sandbox/faults');
      return;
    }
    for (const [name, how] of Object.entries(faults)) {
      const members = typeof how === 'string' ? { fault: how } : how;
      await telling.world.fault({ function: name, ...members });
    }
  },
  async orders(telling, members) {
    const reply = await telling.world.placeOrder(members);
    assert.equal(reply.status, 202, JSON.stringify(reply.json));
    telling.id = reply.json.id;
  },
  async client(telling, what) {
    if (what === 'orders') await verbs.orders(telling, {});
    else if (what === 'cancels') await telling.change('/cancel');
    else assert.fail(`no such line: client ${what}`);
  },
  async operator(telling, word) {
    const [resolution, result] = [word].flat();
    const known = typeof result === 'function' ? await result(telling) : result;
    await telling.change('/resolve', { resolution, ...(known && { result: known }) });
    assert.equal(telling.status, 202);
  },
  async refused(telling, status) {
    assert.equal(telling.status, status);
  },
  async device(telling, how) {
    const { iccid } = await telling.show();
    const code = await telling.world.revealCode(iccid);
    await telling.world.install(EID, code, how === 'installs' ? {} : how);
  },
  async told(telling, count) {
    await until(`${count} notifications`, async () =>
      (await telling.world.ledger(telling.ledgerFrom))
        .filter((line) => line.kind === 'notification').length >= count);
  },
  order: (telling, states) => telling.expectStates('order', states),
  profile: (telling, states) => telling.expectStates('profile', states),
  async waited(telling, [from, to, ms]) {
    const events = await telling.stateEvents('order');
    const at = events.findIndex((each) => each.data.state === from);
    const next = events.slice(at).find((each) => each.data.state === to);
    const waited = Date.parse(next.time) - Date.parse(events[at].time);
    assert.ok(waited >= ms, `expected ${ms} ms from ${from} to ${to}, found ${waited}`);
  },
  async ledger(telling, wanted) {
    const lines = await telling.world.ledger(telling.ledgerFrom);
    assert.deepEqual(summary(lines), wanted, lines.map((line) => JSON.stringify(line)).join('\n'));
  },
  async problem(telling, code) {
    const order = await telling.show();
    const problems = [order.problem, ...order.steps.map((step) => step.problem)]
      .filter(Boolean).map((each) => each.code);
    assert.ok(problems.includes(code), `expected ${code}, found ${JSON.stringify(order)}`);
  },
  async heldFor(telling, pattern) {
    assert.match((await telling.show()).held_for ?? '', pattern);
  },
};

// Registers one test for each scenario; `world` gives the file's world.
export function scenarios(world, list) {
  for (const { title, story } of list) {
    test(title, async () => {
      const telling = new Telling(world());
      await telling.world.control('DELETE', '/sandbox/faults');
      await telling.begin();
      for (const line of story) {
        const [[verb, what]] = Object.entries(line);
        assert.ok(verbs[verb], `no such line: ${verb}`);
        await verbs[verb](telling, what);
      }
      await telling.end();
    });
  }
}
