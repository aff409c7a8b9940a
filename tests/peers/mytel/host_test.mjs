// The whole host against a carrier written from PROTOCOL.md alone, over TLS and over TCP.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { LINE, STATE } from './carrier.mjs';
import { codes, events } from './document.mjs';
import { EID, World, eventually } from './world.mjs';

const LIMIT = { timeout: 60000 };
const MSISDN = '+959790000001';
const digits = (msisdn) => msisdn.slice(1);

const done = (order) => assert.equal(order.state, 'completed', JSON.stringify(order));

for (const plain of [false, true]) {
  describe(plain ? 'over TCP' : 'over TLS', () => {
    let world;
    let server;

    before(async () => {
      world = await World.open({ plain });
      server = world.server;
    });
    after(() => world?.close());

    test('a profile is ordered, confirmed, released, asked for and cancelled', LIMIT, async () => {
      const placed = await world.provision();
      done(placed);
      const profile = server.carrier.profiles.get(placed.iccid);
      assert.equal(profile.state, STATE.Released);
      assert.equal(profile.eid, EID);
      const shown = await world.ask('GET', `/v1/profiles/${placed.iccid}/activation-code`);
      assert.ok(shown.activation_code.endsWith(`1$smdp.carrier.example$${profile.matchingId}`));
      done(await world.order({ type: 'profile.status', iccid: placed.iccid }));
      done(await world.order({ type: 'profile.cancel', iccid: placed.iccid }));
      assert.equal(profile.state, STATE.Available);
    });

    test('the request id is the operation\'s, and the order\'s id is told', LIMIT, async () => {
      const placed = await world.provision();
      done(placed);
      const { params, id } = server.requests.findLast(({ name }) => name === 'PROFILE_ORDER');
      assert.equal(params.ORDER_REF, placed.id);
      assert.equal(params.PLAN, 'basic');
      assert.match(id, /^[0-9a-f]{12}7[0-9a-f]{19}$/);
    });

    test('a line is activated, suspended, resumed, read and terminated', LIMIT, async () => {
      const at = Date.parse('2026-01-01T00:00:00Z');
      server.carrier.usage = Array.from({ length: 150 }, (_, i) => ({
        FROM: at + i * 1000, TO: at + i * 1000 + 1000, BYTES_DOWN: i, SMS: 1,
      }));
      for (const [type, state] of [
        ['line.activate', LINE.ACTIVE], ['line.suspend', LINE.SUSPENDED], ['line.resume', LINE.ACTIVE],
        ['usage.read', LINE.ACTIVE], ['line.terminate', LINE.DELETED],
      ]) {
        const extra = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
        done(await world.line(type, MSISDN, type === 'usage.read' ? { extra } : {}));
        assert.equal(server.carrier.lines.get(digits(MSISDN)), state);
      }
      assert.equal(server.asked('USAGE_READ'), 2); // 150 records are two pages.
    });

    test('a refusal carries the carrier\'s code and a sentence to act on', LIMIT, async () => {
      const placed = await world.provision({ profile_type: 'P9' });
      assert.equal(placed.state, 'failed');
      const { problem } = placed.steps[0];
      assert.equal(problem.code, 'profile_type_unknown');
      assert.equal(problem.carrier_code, '0x0303 PROFILE_TYPE_UNKNOWN');
      assert.ok(problem.message.length > 20);
    });

    test('a plan that the carrier does not have takes no profile and moves no line', LIMIT, async () => {
      server.carrier.plans = ['basic'];
      done(await world.provision());
      const did = server.carrier.effects.length;
      const before = [...server.carrier.profiles.values()].map(({ state }) => state);
      for (const placed of [
        await world.provision({ plan: 'diamond' }), await world.line('line.activate', '+959790000077', { plan: 'diamond' }),
      ]) {
        assert.equal(placed.state, 'failed');
        assert.equal(placed.steps[0].problem.code, 'plan_unknown');
        assert.equal(placed.steps[0].problem.carrier_code, '0x0322 PLAN_UNKNOWN');
      }
      assert.deepEqual([...server.carrier.profiles.values()].map(({ state }) => state), before);
      assert.equal(server.carrier.effects.length, did);
      server.carrier.plans = undefined;
    });

    test('what the carrier tells unasked reaches the profile', LIMIT, async () => {
      const placed = await world.provision();
      const details = { ICCID: placed.iccid, PROFILE_STATE: STATE.Installed, POINT: 4, EID };
      const { id } = server.emit(events.PROFILE_CHANGED, details);
      await eventually(async () => (await world.ask('GET', `/v1/profiles/${placed.iccid}`)).state === 'Installed');
      await eventually(() => server.acknowledged.includes(id.toString('hex')));
    });

    test('many orders share one session, whatever the order of the replies', LIMIT, async () => {
      const had = server.logins;
      for (let i = 0; i < 12; i += 1) server.fail({ operation: 'LINE_ACTIVATE', how: 'slow', ms: 120 - 10 * i });
      const numbers = Array.from({ length: 30 }, (_, i) => `+95979000${String(1000 + i)}`);
      const orders = await Promise.all(numbers.map((msisdn) => world.line('line.activate', msisdn)));
      orders.forEach(done);
      numbers.forEach((msisdn) => assert.equal(server.carrier.lines.get(digits(msisdn)), LINE.ACTIVE));
      assert.equal(server.logins, had);
    });

    test('nothing that the client did was against the document', () => {
      assert.deepEqual(server.violations, []);
    });
  });
}

describe('when things go wrong', () => {
  let world;
  let server;
  let number = 2000;
  const fresh = () => `+95979000${String(number += 1)}`;

  before(async () => {
    world = await World.open({ settings: ['poll_s: 1'] });
    server = world.server;
  });
  after(() => world?.close());

  const effectsOf = (msisdn) => server.effects('LINE_ACTIVATE').filter(({ params }) => params.MSISDN === digits(msisdn));

  for (const how of ['drop_before', 'drop_after', 'garbage', 'spoilt', 'silent']) {
    test(`${how}: the order is done, once`, LIMIT, async () => {
      const msisdn = fresh();
      server.fail({ operation: 'LINE_ACTIVATE', how });
      done(await world.line('line.activate', msisdn));
      assert.equal(effectsOf(msisdn).length, 1);
      const ids = server.requests.filter(({ params }) => params.MSISDN === digits(msisdn)).map(({ id }) => id);
      assert.equal(new Set(ids).size, 1);
    });
  }

  test('silence is looked into by REQUEST_STATUS, not by a second order', LIMIT, async () => {
    const asked = server.asked('PROFILE_ORDER');
    const looked = server.asked('REQUEST_STATUS');
    server.fail({ operation: 'PROFILE_ORDER', how: 'silent' });
    done(await world.provision());
    assert.equal(server.asked('PROFILE_ORDER'), asked + 1);
    assert.equal(server.asked('REQUEST_STATUS'), looked + 1);
  });

  test('a carrier that is busy is asked again when it likes', LIMIT, async () => {
    const msisdn = fresh();
    server.fail({ operation: 'LINE_ACTIVATE', how: 'refuse', code: 'THROTTLED', ms: 300, count: 3 });
    const began = Date.now();
    done(await world.line('line.activate', msisdn));
    assert.ok(Date.now() - began >= 900);
    assert.equal(effectsOf(msisdn).length, 1);
  });

  test('a request that takes long ends by its event', LIMIT, async () => {
    const msisdn = fresh();
    server.fail({ operation: 'LINE_ACTIVATE', how: 'in_progress', ms: 300 });
    done(await world.line('line.activate', msisdn));
    assert.equal(effectsOf(msisdn).length, 1);
  });

  test('an end that is told before anybody waits for it is not lost', LIMIT, async () => {
    const msisdn = fresh();
    server.fail({ operation: 'LINE_ACTIVATE', how: 'in_progress', ms: 0 });
    done(await world.line('line.activate', msisdn));
  });

  test('a request whose record the carrier lost in the middle is asked again', LIMIT, async () => {
    const msisdn = fresh();
    server.fail({ operation: 'LINE_ACTIVATE', how: 'never_ends' });
    const placed = await world.place({ type: 'line.activate', msisdn, plan: 'basic' });
    await eventually(() => server.requests.some(({ params }) => params.MSISDN === digits(msisdn)));
    server.carrier.records.clear(); // It never began.
    done(await world.ended(placed));
    assert.equal(effectsOf(msisdn).length, 1);
  });

  test('nobody knows: the order is held for a person', LIMIT, async () => {
    server.fail({ operation: 'LINE_ACTIVATE', how: 'refuse', code: 'FORGOTTEN' });
    const placed = await world.line('line.activate', fresh());
    assert.equal(placed.state, 'held');
    assert.equal(placed.steps[0].problem.code, 'forgotten');
  });

  test('an event that is not acknowledged comes again, and counts once', LIMIT, async () => {
    const placed = await world.provision();
    server.keepAfterAck = true;
    const { id } = server.emit(events.PROFILE_CHANGED, { ICCID: placed.iccid, PROFILE_STATE: STATE.Downloaded });
    const acks = () => server.acknowledged.filter((each) => each === id.toString('hex')).length;
    await eventually(() => acks() === 1);
    server.cutAll();
    await eventually(() => acks() === 2);
    server.keepAfterAck = false;
    server.unacknowledged.clear();
    const { items } = await world.ask('GET', '/v1/events?after=0&limit=500');
    const told = items.filter(({ subject, data }) => (
      subject === `profile/${placed.iccid}` && data.state === 'Downloaded'));
    assert.deepEqual(told.map(({ type }) => type), ['profile.state', 'profile.notice']);
  });

  test('a window of none holds requests back until there is one', LIMIT, async () => {
    const msisdn = fresh();
    server.setWindow(0);
    await new Promise((resolve) => { setTimeout(resolve, 250); });
    const placed = await world.place({ type: 'line.activate', msisdn, plan: 'basic' });
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    assert.equal(effectsOf(msisdn).length, 0);
    server.sessions.forEach((session) => Object.assign(session, { window: 16 }));
    server.setWindow(16);
    done(await world.ended(placed));
  });

  test('the host is killed with orders under way: each is done, once', LIMIT, async () => {
    const numbers = Array.from({ length: 10 }, fresh);
    server.fail({ operation: 'LINE_ACTIVATE', how: 'silent', count: 5 });
    const placed = await Promise.all(numbers.map((msisdn) => world.place({ type: 'line.activate', msisdn, plan: 'basic' })));
    await eventually(() => server.asked('LINE_ACTIVATE') >= 5);
    process.kill(world.pid, 'SIGKILL');
    world.startHost();
    for (const each of placed) done(await world.ended(each));
    numbers.forEach((msisdn) => assert.equal(effectsOf(msisdn).length, 1));
  });

  test('nothing that the client did was against the document', () => {
    assert.deepEqual(server.violations, []);
  });
});

describe('logins', () => {
  const opened = async (options, look) => {
    const world = await World.open(options);
    try {
      await look(world, world.server);
    } finally {
      await world.close();
    }
  };
  const session = async (world) => (await world.health()).sessions?.[0] ?? {};
  const settle = () => new Promise((resolve) => { setTimeout(resolve, 1000); });

  test('a wrong secret is one try, and the end of orders until it is right', LIMIT, () => (
    opened({ secret: 'another secret of good length' }, async (world, server) => {
      await eventually(async () => (await session(world)).state === 'refused');
      const line = { type: 'line.activate', msisdn: MSISDN, plan: 'basic' };
      const { problem } = await world.ended(await world.place(line));
      assert.equal(problem.code, 'unauthorised');
      const { health } = await world.health();
      assert.equal(health.unauthorised, true);
      await settle();
      assert.equal(server.logins, 1);
      assert.match(world.log(), /the carrier does not accept client_id and secret/);
      world.writeSecret(server.secret);
      world.tool('stop', world.dir);
      world.startHost();
      done(await world.ended(await world.place(line)));
      assert.equal((await world.health()).health.unauthorised, false);
    })));

  test('a server without the secret is no carrier', LIMIT, () => (
    opened({ prepare: (server) => { server.ownSecret = 'not what the client knows'; } }, async (world, server) => {
      await eventually(() => server.closes.includes('BAD_CREDENTIALS'));
      await settle();
      assert.equal(server.requests.length, 0);
      assert.equal(server.logins, 1);
    })));

  test('a barred client waits', LIMIT, () => (
    opened({ prepare: (server) => { server.barred = true; } }, async (world, server) => {
      await eventually(async () => (await session(world)).state === 'refused');
      await settle();
      assert.equal(server.logins, 1);
    })));

  test('another version is told and left alone', LIMIT, () => (
    opened({ prepare: (server) => { server.version = 2; } }, async (world, server) => {
      await eventually(async () => /version/.test((await session(world)).reason ?? ''));
      await settle();
      assert.equal(server.logins, 1);
    })));

  test('clocks that differ are told and left alone', LIMIT, () => (
    opened({ prepare: (server) => { server.clockApartMs = 400000; } }, async (world, server) => {
      await eventually(() => server.closes.includes('CLOCK'));
      await eventually(async () => /clock/.test((await session(world)).reason ?? ''));
    })));

  test('an idle line is kept alive, a silent one is replaced', LIMIT, () => (
    opened({ prepare: (server) => { server.terms.HEARTBEAT_S = 1; } }, async (world, server) => {
      await eventually(() => server.ledger.filter(({ name }) => name === 'PING').length >= 2);
      assert.equal(server.logins, 1);
      server.mute = true; // Half open: it takes everything and says nothing.
      await eventually(() => server.closes.includes('SILENT'));
      server.mute = false;
      await eventually(() => server.logins === 2);
      done(await world.line('line.activate', MSISDN));
      assert.deepEqual(server.violations, []);
    })));

  test('the secret, the codes and the matching ids stand in no log', LIMIT, () => (
    opened({ plain: true }, async (world, server) => {
      const placed = await world.provision({ confirmation_code: '24681357' });
      done(placed);
      const log = world.log();
      assert.ok(!log.includes(server.secret) && !log.includes('24681357'));
      server.carrier.profiles.forEach(({ matchingId }) => assert.ok(!matchingId || !log.includes(matchingId)));
    })));

  test('codes that are new to the client are treated by their class', LIMIT, () => (
    opened({}, async (world, server) => {
      codes.LATER = 0x03F0;
      server.fail({ operation: 'LINE_ACTIVATE', how: 'refuse', code: 'LATER' });
      const placed = await world.line('line.activate', MSISDN);
      assert.equal(placed.state, 'failed');
      assert.equal(placed.steps[0].problem.code, 'refused');
      assert.match(placed.steps[0].problem.carrier_code, /^0x03F0/);
    })));
});
