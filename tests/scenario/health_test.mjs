// How an adapter is, wherever one looks: one that keeps a session and one that does not,
// from the first look through a carrier that goes away to one that is back. Lines beside.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { build, until, World } from './world.mjs';

const LIMIT = { timeout: 60000 };

async function ctl(world, ...args) {
  const child = spawn(join(build, 'esimctl'), args, {
    env: { ESIM_URL: `http://${world.http}`, ESIM_TOKEN_FILE: world.path('key'), HOME: world.dir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (piece) => { out += piece; });
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  return out;
}

// kept: does it keep a session?
const ROWS = [
  {
    side: 'mytel', adapter: 'mytel', kept: true, order: (n) => ({ type: 'line.activate', plan: 'gold', msisdn: `+95977010000${n}` }),
  },
  {
    side: 'soap', adapter: 'ooredoo', kept: false, order: (n) => ({ type: 'line.activate', plan: 'gold', msisdn: `+95997010000${n}` }),
  },
];

for (const { side, adapter, kept, order } of ROWS) {
  describe(`${adapter}, ${kept ? 'with' : 'without'} a session`, () => {
    let world;
    let number = 0;
    before(async () => {
      world = await World.open({ side, limits: { breaker: { failures: 2, open_ms: 600000 } } });
    });
    after(() => world?.close());

    const place = (waitS = 10) => world.ask('POST', '/v1/orders', {
      headers: { 'Idempotency-Key': `h-${Math.random()}`, Prefer: `wait=${waitS}` },
      body: { carrier: adapter, ...order(number += 1) },
    });
    const health = () => world.get(`/health/adapters/${adapter}`);
    const row = async () => {
      const [one] = JSON.parse(await ctl(world, 'adapter', 'list', '-o', 'json'));
      return one.health;
    };
    const gauge = (name) => world.metric(`esimd_adapter_${name}{adapter="${adapter}"}`);
    const becomes = (what, fits) => until(what, async () => {
      const found = await health();
      return fits(found) && found;
    });

    test('Before anything was sent', LIMIT, async () => {
      const found = await becomes('a first word', ({ connection }) => connection === (kept ? 'up' : 'unknown'));
      assert.equal(found.status, 'healthy');
      assert.equal(found.session, kept ? 'bound' : undefined);
      assert.equal(found.last_success, undefined);
      assert.equal(found.error_class, '');
    });

    test('After an order', LIMIT, async () => {
      const { json } = await place();
      assert.equal(json.state, 'completed', JSON.stringify(json));
      const found = await becomes('its success', ({ last_success: at }) => at);
      assert.equal(found.connection, 'up');
      assert.equal((await row()).connection, 'up');
      assert.equal(await gauge('connected'), 1);
      assert.ok(Math.abs(await gauge('last_success_seconds') - Date.now() / 1000) < 60);
      assert.equal(await world.metric(`esimd_sessions_bound{adapter="${adapter}",session="mytel"}`), kept ? 1 : 0);
      const table = await ctl(world, 'adapter', 'list');
      assert.match(table, /CONNECTION +SESSION +LAST SUCCESS/);
      assert.match(table, kept ? /up +bound/ : /up +\S*20\d\d-/);
    });

    test('When the carrier is away', LIMIT, async () => {
      await world.stopSandbox();
      const waiting = [place(1), place(1)];
      const found = await becomes('it to be away', ({ connection }) => connection === 'down');
      assert.equal(found.session === 'bound', false);
      await until('the gauge', async () => await gauge('connected') === 0);
      if (kept) {
        await becomes('it to be degraded', ({ status }) => status === 'degraded');
      } else {
        await becomes('its error', ({ error_class: kind }) => kind === 'connection');
        await until('the breaker', async () => (
          await world.metric(`esimd_breaker_open{adapter="${adapter}",endpoint="soap"}`) === 1));
      }
      (await Promise.all(waiting)).forEach(({ json }) => assert.match(json.state, /^(pending|inProgress)$/));
    });

    if (!kept) {
      test('A reload does not believe that it is back', LIMIT, async () => {
        const { status } = await world.ask('POST', `/v1/adapters/${adapter}/reload`);
        assert.equal(status, 200);
        const { endpoints } = await world.get(`/v1/adapters/${adapter}`);
        assert.equal(endpoints.find(({ name }) => name === 'soap').breaker, 'open');
        assert.equal((await health()).error_class, 'connection');
      });

      test('At another address it is another', LIMIT, async () => {
        await world.startSandbox();
        const { status, json } = await world.ask('POST', `/v1/adapters/${adapter}/reload`);
        assert.equal(status, 200, JSON.stringify(json));
        assert.equal((await place()).json.state, 'completed');
      });
    }
  });
}

describe('lines', () => {
  const NUMBER = '+959770200001';
  let world;
  before(async () => {
    world = await World.open({ side: 'mytel', keys: { other: ['bravo', 'admin'], watcher: ['default', 'admin'] } });
  });
  after(() => world?.close());

  const order = async (type) => (await world.ask('POST', '/v1/orders', {
    headers: { 'Idempotency-Key': `l-${Math.random()}`, Prefer: 'wait=20' },
    body: { type, carrier: 'mytel', plan: 'gold', msisdn: NUMBER },
  })).json;
  const line = (as) => world.ask('GET', `/v1/lines/${NUMBER.slice(1)}`, { as });
  const told = async () => (await world.events()).filter(({ type }) => type === 'line.changed')
    .map(({ data }) => `${data.was}>${data.state}`);

  test('Orders make and move it', LIMIT, async () => {
    for (const [type, state] of [['line.activate', 'ACTIVE'], ['line.suspend', 'SUSPENDED'], ['line.resume', 'ACTIVE']]) {
      const done = await order(type);
      assert.equal(done.state, 'completed', JSON.stringify(done));
      const { json } = await line();
      assert.equal(json.state, state);
      assert.equal(json.carrier, 'mytel');
      assert.equal(json.order_id, done.id);
      assert.deepEqual((await world.get(`/v1/lines/${json.id}`)), json);
    }
    assert.deepEqual(await told(), ['>ACTIVE', 'ACTIVE>SUSPENDED', 'SUSPENDED>ACTIVE']);
  });

  test('The carrier turns it, unasked', LIMIT, async () => {
    await world.control('POST', `/sandbox/lines/${NUMBER.slice(1)}`, { state: 'SUSPENDED' });
    await until('the host to hear of it', async () => (await line()).json.state === 'SUSPENDED');
    assert.equal((await told()).at(-1), 'ACTIVE>SUSPENDED');
    const { items } = await world.get('/v1/audit?action=line.state');
    assert.deepEqual(items.map(({ subject }) => subject), ['adapter:mytel', 'host', 'host', 'host']);
  });

  test('It is nobody else\'s', LIMIT, async () => {
    assert.equal((await line('other')).status, 404);
    assert.deepEqual((await world.get('/v1/lines', 'other')).items, []);
    assert.deepEqual(await world.events(0, 'other'), []);
  });

  test('People see it', LIMIT, async () => {
    assert.match(await ctl(world, 'line', 'list', '--state', 'SUSPENDED'), /\+959770200001 +SUSPENDED +mytel/);
    assert.equal(JSON.parse(await ctl(world, 'line', 'get', NUMBER, '-o', 'json')).msisdn, NUMBER);
    const { json } = await line();
    assert.equal(JSON.parse(await ctl(world, 'line', 'get', json.id, '-o', 'json')).id, json.id);
  });

  test('A line that nobody has here is told to whoever runs the host', LIMIT, async () => {
    await world.control('POST', '/sandbox/lines/959770200099', { state: 'ACTIVE' });
    await until('the event', async () => (await world.events(0, 'watcher'))
      .some(({ type, subject }) => type === 'line.unknown' && subject === 'number/+959770200099'));
  });
});
