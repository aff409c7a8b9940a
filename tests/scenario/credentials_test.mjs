// A carrier that does not accept our credentials, whichever carrier it is: the adapter says
// unauthorised, one event is told, orders end with that problem, the carrier is left alone,
// and once the secret is right a reload serves again at once.

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';

import { EID, until, World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const WRONG = 'not-what-the-carrier-was-told';
const ORDERS = 10;

const profile = { type: 'profile.provision', plan: 'gold', profile_type: 'P1', device: { eid: EID } };
const line = { type: 'line.activate', plan: 'gold', msisdn: '+959790000101' };

// secrets: which one is wrong, and what has the right one. says: of the reason.
// tries: what reached the carrier, of the lines of its ledger.
const isTry = ({ kind }) => ['request', 'refused', 'login', 'token', 'closed'].includes(kind);
const ROWS = [
  {
    title: 'ATOM, whose certificate is refused in the handshake',
    adapter: 'atom',
    side: 'smdp',
    order: profile,
    spoil: (world) => ['pem', 'key'].forEach((end) => {
      copyFileSync(world.path(`tls/stranger.${end}`), world.path(`secrets/atom/default/es2.${end === 'pem' ? 'cert' : 'key'}`));
    }),
    says: /refused our certificate|alert/,
    kind: 'capability',
    connections: true,
  },
  {
    title: 'ATOM, which does not know our name (function requester)',
    adapter: 'atom',
    side: 'smdp',
    order: profile,
    spoil: (world) => world.write('adapters.d/atom.yaml', world.read('adapters.d/atom.yaml')
      .replace(/requester_id: \S+/, 'requester_id: 1.3.6.1.4.1.1')),
    says: /requester|identif/i,
    kind: 'capability',
  },
  {
    title: 'Ooredoo, by a fault of WS-Security',
    adapter: 'ooredoo', side: 'soap', order: profile, secret: 'wss.password', says: /password|user/i, kind: 'capability',
  },
  {
    title: 'MPT, whose bind is refused', adapter: 'mpt', side: 'smsc', order: line, secret: 'smpp.password', says: /ESME_RINVPASWD|password/i, kind: 'session',
  },
  {
    title: 'Mytel, whose login is refused', adapter: 'mytel', side: 'mytel', order: line, secret: 'login.secret', says: /does not accept/, kind: 'session',
  },
  {
    title: 'Intune, whose token endpoint refuses', adapter: 'intune', side: 'graph', order: { type: 'device.list' }, secret: 'client_secret', says: /token endpoint refused/, kind: 'token',
  },
];

// Counts the connections to a carrier that refuses before its ledger can tell.
async function counter(address) {
  const [host, port] = address.split(':');
  const seen = { connections: 0 };
  const sockets = new Set();
  const server = net.createServer({ allowHalfOpen: true }, (from) => {
    seen.connections += 1;
    const to = net.connect({ port: Number(port), host, allowHalfOpen: true });
    [from, to].forEach((each) => {
      sockets.add(each);
      each.on('error', () => { from.destroy(); to.destroy(); });
      each.on('close', () => sockets.delete(each));
    });
    from.pipe(to);
    to.pipe(from);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  return Object.assign(seen, {
    address: `127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => {
      sockets.forEach((each) => each.destroy());
      server.close(resolve);
    }),
  });
}

class Story {
  constructor(row) {
    this.row = row;
  }

  async open() {
    this.world = await World.open({
      side: this.row.side,
      sandbox: this.row.side === 'smdp' ? ['--requester', '1.3.6.1.4.1.53535'] : true,
      keys: { watcher: ['default', 'admin'] },
      prepare: (world) => this.prepare(world),
    });
    return this;
  }

  async prepare(world) {
    const { adapter, secret, spoil, connections } = this.row;
    const conf = `adapters.d/${adapter}.yaml`;
    if (connections) {
      this.counter = await counter(world.sandbox.address);
      world.write(conf, world.read(conf).replace(world.sandbox.address, this.counter.address));
    }
    const names = secret ? [`secrets/${adapter}/default/${secret}`]
      : [conf, 'secrets/atom/default/es2.cert', 'secrets/atom/default/es2.key'];
    this.good = names.map((name) => [name, world.read(name)]);
    // As long as the right one: some protocols have room for no more.
    if (secret) world.write(names[0], WRONG.slice(0, world.read(names[0]).length));
    else spoil(world);
  }

  async close() {
    await this.world?.close();
    await this.counter?.close();
  }

  async placed() {
    const { json } = await this.world.ask('POST', '/v1/orders', {
      headers: { 'Idempotency-Key': `c-${Math.random()}`, Prefer: 'wait=10' },
      body: { carrier: this.row.adapter, ...this.row.order },
    });
    return json;
  }

  async tries() {
    return this.counter ? this.counter.connections
      : (await this.world.ledger()).filter(isTry).length;
  }

  show() {
    return this.world.get(`/v1/adapters/${this.row.adapter}`);
  }

  async told() {
    return (await this.world.events(0, 'watcher'))
      .filter(({ subject }) => subject === `adapter/${this.row.adapter}`);
  }

  gauge(name) {
    return this.world.metric(`esimd_adapter_${name}{adapter="${this.row.adapter}"}`);
  }
}

for (const row of ROWS) {
  describe(row.title, () => {
    let story;
    let tries;
    before(async () => { story = await new Story(row).open(); });
    after(() => story?.close());

    test('An order ends as unauthorised, and nothing was done', LIMIT, async () => {
      const order = await story.placed();
      assert.equal(order.state, 'failed', JSON.stringify(order));
      assert.equal(order.problem.code, 'unauthorised');
      assert.match(order.problem.message, row.says);
      assert.equal(order.steps[0].state, 'refused');
      tries = await story.tries();
      assert.ok(tries >= 1 && tries <= 2, `${tries} tries`);
    });

    test('The adapter says why, wherever one looks', LIMIT, async () => {
      await until('the adapter to be unauthorised', async () => (await story.show()).health.unauthorised);
      const { health, refusals } = await story.show();
      assert.equal(health.connection, 'refused');
      assert.equal(health.healthy, false);
      assert.match(health.reason, /^unauthorised: /);
      assert.match(health.reason, row.says);
      assert.equal(health.error_class, 'unauthorised');
      assert.ok(refusals[0].use.startsWith(`${row.kind}:`), JSON.stringify(refusals));
      const seen = await story.world.get(`/health/adapters/${row.adapter}`);
      assert.equal(seen.status, 'degraded');
      assert.equal(seen.unauthorised, true);
      assert.equal(await story.gauge('unauthorised'), 1);
      assert.equal(await story.gauge('connected'), 0);
      assert.equal(await story.gauge('healthy'), 0);
    });

    test('More orders end the same way, and the carrier hears of none', LIMIT, async () => {
      const orders = await Promise.all(Array.from({ length: ORDERS }, () => story.placed()));
      assert.deepEqual([...new Set(orders.map(({ state, problem }) => `${state} ${problem?.code}`))], ['failed unauthorised']);
      assert.equal(await story.tries(), tries);
    });

    test('It is told once', LIMIT, async () => {
      const events = await until('the event', async () => {
        const found = await story.told();
        return found.length > 0 && found;
      });
      assert.deepEqual(events.map(({ type }) => type), ['adapter.unauthorised']);
      assert.equal(events[0].data.adapter, row.adapter);
      assert.ok(events[0].data[row.kind]);
      assert.match(events[0].data.reason, row.says);
      assert.ok(!story.world.read('host.log').includes(WRONG.slice(0, 8)));
    });

    test('A reload with the right secret serves at once, and that is told', LIMIT, async () => {
      story.good.forEach(([name, text]) => story.world.write(name, text));
      const { status, json } = await story.world.ask('POST', `/v1/adapters/${row.adapter}/reload`);
      assert.equal(status, 200, JSON.stringify(json));
      const order = await story.placed();
      assert.equal(order.state, 'completed', JSON.stringify(order));
      const { health, refusals } = await until('the adapter to be well', async () => {
        const found = await story.show();
        return found.health.healthy && found.health.connection === 'up' && found;
      });
      assert.equal(health.unauthorised, false);
      assert.equal(refusals, undefined);
      const events = await until('both events', async () => {
        const found = await story.told();
        return found.length > 1 && found;
      });
      assert.deepEqual(events.map(({ type }) => type), ['adapter.unauthorised', 'adapter.authorised']);
      assert.equal(await story.gauge('unauthorised'), 0);
      await until('the last success to be shown', async () => await story.gauge('last_success_seconds') > 1e9);
    });
  });
}
