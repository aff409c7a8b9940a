// Every carrier at once: one host with all adapters, each before its own side of the
// sandbox, and what became of an order in words that are the same for all of them.

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { build, until, World } from './world.mjs';

const REQUESTER = '1.3.6.1.4.1.53535';

// prefix: how the carrier's ICCIDs begin. wrong: the secret that a stranger has wrong.
export const CARRIERS = {
  atom: {
    side: 'smdp', prefix: '899506', more: ['--requester', REQUESTER], endpoint: 'es2plus', scheme: 'https',
  },
  mpt: { side: 'smsc', prefix: '899501', endpoint: 'smsc', scheme: 'tcp', wrong: 'smpp.password' },
  mytel: { side: 'mytel', prefix: '899509', endpoint: 'mytel', scheme: 'tls', wrong: 'login.secret' },
  ooredoo: { side: 'soap', prefix: '899505', endpoint: 'soap', scheme: 'https', wrong: 'wss.password' },
};
export const STRANGER = 'globex';
export const NAMES = Object.keys(CARRIERS);

const ENDED = ['completed', 'failed', 'held', 'partial', 'rejected'];
const SHOWN = ['state', 'device_state', 'eid', 'msisdn', 'profile_type', 'smdp_address', 'has_code'];

// The n-th profile of a carrier's stock: ITU-T E.118, check digit by Luhn.
export function iccidAt(carrier, n) {
  const digits = CARRIERS[carrier].prefix + String(n).padStart(12, '0');
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + String((10 - (sum % 10)) % 10);
}

const pick = (object, names) => Object.fromEntries(
  names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]),
);

export class Carriers {
  static async open({ stock, ...options }) {
    const all = new Carriers();
    all.world = await World.open({
      ...options, sandbox: false, prepare: (world) => all.prepare(world, stock),
    });
    return all;
  }

  async prepare(world, stock) {
    this.sides = {};
    for (const [name, { side, prefix, more = [] }] of Object.entries(CARRIERS)) {
      await world.sh('sandbox', side, '--iccid-prefix', prefix, ...more, ...stock.flatMap((each) => ['--stock', each]));
      this.sides[name] = JSON.parse(world.read(`${side}.json`));
      world.signAdapter(name);
      this.addStranger(world, name);
    }
  }

  // A tenant whom no carrier knows: the same settings, one secret or name of which is
  // wrong.
  addStranger(world, name) {
    const { endpoint, scheme, wrong } = CARRIERS[name];
    const conf = `adapters.d/${name}.yaml`;
    const own = readdirSync(world.path(`secrets/${name}/default`));
    mkdirSync(world.path(`secrets/${name}/${STRANGER}`), { recursive: true });
    for (const secret of own) {
      const text = world.read(`secrets/${name}/default/${secret}`);
      world.write(`secrets/${name}/${STRANGER}/${secret}`, secret === wrong ? 'wrong-wrong-wrong-wrong'.slice(0, text.length) : text);
    }
    world.write(conf, `${world.read(conf)}
tenants:
  - tenant: ${STRANGER}
    settings: ${name === 'atom' ? '{ requester_id: 1.3.6.1.4.1.1 }' : '{}'}
    endpoints:
      - { name: ${endpoint}, url: "${scheme}://${this.sides[name].address}" }
`);
  }

  close() {
    return this.world.close();
  }

  // What each adapter offers: name -> capabilities.
  async offers() {
    const { items } = await this.world.get('/v1/adapters');
    return Object.fromEntries(items.map(({ name, capabilities }) => [name, capabilities]));
  }

  // ---- orders ----

  place(body, as) {
    return this.world.ask('POST', '/v1/orders', {
      headers: { 'Idempotency-Key': `c-${Math.random()}` }, body, as,
    });
  }

  async ended({ id }, as = 'admin', states = ENDED) {
    let order;
    await until(`order ${id} to be ${states}`, async () => {
      order = await this.world.get(`/v1/orders/${id}`, as);
      return states.includes(order.state);
    });
    return order;
  }

  // The states that were told of a subject, in order: "acknowledged inProgress completed".
  async told(subject, from) {
    return (await this.world.events(from)).filter((each) => each.subject === subject)
      .map(({ data }) => data.state).join(' ');
  }

  // Places an order and follows it: { order, seen }, where `seen` has nothing of one
  // carrier's or one order's own.
  async follow(body) {
    const from = (await this.world.get('/v1/events?after=0&limit=1')).newest;
    const { status, json } = await this.place(body);
    if (status >= 300) return { seen: refusalOf(status, json, body.carrier) };
    const order = await this.ended(json);
    const seen = {
      state: order.state,
      told: await this.told(`order/${order.id}`, from),
      ...(order.problem && { problem: order.problem.code, steps: stepsOf(order) }),
      ...(order.result && { result: order.result }),
    };
    if (body.type.startsWith('profile.') && order.state === 'completed') {
      seen.profile = pick(await this.world.get(`/v1/profiles/${order.iccid}`), SHOWN);
      order.walk = await this.told(`profile/${order.iccid}`, from);
    }
    return { order, seen };
  }

  // What esimctl prints.
  async ctl(...args) {
    const { stdout } = await promisify(execFile)(join(build, 'esimctl'), args, {
      env: { ...process.env, ESIM_URL: `http://${this.world.http}`, ESIM_TOKEN_FILE: this.world.path('key') },
    });
    return stdout;
  }

  // ---- what reached the carriers ----

  async ledgerEnds() {
    const ends = {};
    for (const name of NAMES) ends[name] = await this.world.ledgerEnd(this.sides[name]);
    return ends;
  }

  // The ICCIDs that a carrier's ledger names from there on.
  async iccidsSince(from, carrier) {
    const text = JSON.stringify(await this.world.ledger(from, this.sides[carrier]));
    return [...new Set(text.match(new RegExp(`${CARRIERS[carrier].prefix}\\d{13}`, 'g')))];
  }

  async claimed() {
    let sum = 0;
    for (const name of NAMES) {
      sum += await this.world.metric(`esimd_operations_claimed_total{adapter="${name}"}`);
    }
    return sum;
  }

  // Runs `what` and says that no carrier heard of it: no line in a ledger, and no
  // operation that was begun.
  async quietly(what) {
    const before = [await this.ledgerEnds(), await this.claimed()];
    const result = await what();
    const after = [await this.ledgerEnds(), await this.claimed()];
    return { result, isQuiet: JSON.stringify(before) === JSON.stringify(after) };
  }
}

const stepsOf = (order) => order.steps.filter(({ state }) => !['skipped', 'waiting'].includes(state))
  .map(({ capability, kind, state }) => `${kind === 'undo' ? 'undo ' : ''}${capability} ${state}`).join(', ');

// A problem without what is this request's own, nor the carrier's name.
export function refusalOf(status, json, carrier) {
  const { request_id: id, detail, message, ...rest } = json;
  if (!id || message !== detail) throw new Error(`not a whole problem: ${JSON.stringify(json)}`);
  return { status, ...rest, detail: detail.replaceAll(carrier, 'CARRIER') };
}
