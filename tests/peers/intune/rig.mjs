// A host with the Intune adapter, between a Graph and a token endpoint that nobody here
// wrote the judgement of: what the tests of this folder stand on.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build, startProgram, World, until } from '../../scenario/world.mjs';
import { startGraph } from './graph.mjs';
import { startJudge } from './judge.mjs';
import { makeCertificate, PATH, SCOPE, SECRET, startLogin } from './login.mjs';

export { PATH, SCOPE, SECRET };
export const LIMIT = { timeout: 60000 };
export const ICCID = '8995060000000000018';
export const CODE = '1$smdp.example.com$CANARY-5521';

// As short as they can be: a second between looks.
const SETTINGS = {
  poll_s: 1, poll_most_s: 1, settle_s: 1, throttle_s: 1,
};

const confOf = (settings, places) => `settings:\n${Object.entries(settings)
  .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`).join('')}endpoints:\n${
  Object.entries(places).map(([name, url]) => `  - { name: ${name}, url: "${url}" }\n`).join('')}`;

export class Rig {
  // options: settings (of the adapter), limits (of its manifest), lifeS (of a token),
  // proof ("secret"), secret, sandbox (arguments of esim-sandbox, which then is Graph and login, behind a judge),
  // keys (of the host, beside admin's: { name: [tenant, role] }), between (what stands
  // between host and Graph: made of Graph's URL, has a url itself).
  static async open(options = {}) {
    const rig = new Rig();
    rig.dir = mkdtempSync(join(tmpdir(), 'esimd-intune-'));
    rig.certificate = makeCertificate(rig.dir);
    try {
      if (options.sandbox) await rig.startSandbox(options.sandbox);
      else await rig.startPeers(options);
      if (options.between) rig.between = await options.between(rig.graph.url);
      rig.world = await World.open({
        sandbox: false, settings: options.host, keys: options.keys, prepare: (world) => rig.prepare(world, options),
      });
    } catch (error) {
      await rig.close();
      throw error;
    }
    return rig;
  }

  async startPeers({ lifeS }) {
    this.login = await startLogin({ cert: this.certificate.cert, lifeS });
    this.graph = await startGraph({ isTokenGood: (token) => this.login.isGood(token) });
  }

  async startSandbox(args) {
    this.sandbox = await startProgram(join(build, 'esim-sandbox'), ['graph', '--plain', ...args]);
    this.graph = await startJudge(`http://${this.sandbox.address}`);
    this.loginUrl = `http://${this.sandbox.address}`;
  }

  prepare(world, {
    settings = {}, proof = 'secret', secret = SECRET, limits,
  }) {
    mkdirSync(world.path('secrets/intune/default'), { recursive: true });
    world.write('secrets/intune/default/client_secret', `${secret}\n`);
    world.write('secrets/intune/default/client_cert', this.certificate.cert);
    world.write('secrets/intune/default/client_key', this.certificate.key);
    world.write('adapters.d/intune.yaml', confOf({
      'oauth2.client_id': proof === 'secret' ? 'with-secret' : 'with-certificate',
      'oauth2.token_path': PATH,
      'oauth2.scope': SCOPE,
      'oauth2.proof': proof,
      graph_root: this.graph.url,
      ...SETTINGS,
      ...settings,
    }, { graph: this.between?.url ?? this.graph.url, login: this.loginUrl ?? this.login.url }));
    world.signAdapter('intune', { limits: { reply_bytes: 4194304, ...limits } });
  }

  async close() {
    if (this.world) await this.world.close();
    if (this.between) await this.between.stop();
    if (this.graph) await this.graph.stop();
    if (this.login) await this.login.stop();
    if (this.sandbox) await this.sandbox.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  // ---- the sandbox ----

  async control(method, path, body) {
    const reply = await fetch(`http://${this.sandbox.address}${path}`, {
      method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return reply.text();
  }

  async ledger() {
    return (await this.control('GET', '/sandbox/ledger')).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  // ---- orders ----

  // Places an order; gives its id.
  async place(type, extra = {}, members = {}, headers = {}) {
    const { status, json } = await this.world.ask('POST', '/v1/orders', {
      headers: { 'Idempotency-Key': `k-${Math.random()}`, ...headers },
      body: { type, carrier: 'intune', extra, ...members },
    });
    if (![200, 202].includes(status)) throw new Error(`${type}: ${status} ${JSON.stringify(json)}`);
    return json.id;
  }

  show(id) {
    return this.world.get(`/v1/orders/${id}`);
  }

  // The order when it has come to an end, or to a person's desk.
  ended(id) {
    return until(`the end of order ${id}`, async () => {
      const order = await this.show(id);
      return ['completed', 'failed', 'held', 'partial', 'rejected'].includes(order.state) && order;
    }, 40000);
  }

  async run(type, extra, members) {
    return this.ended(await this.place(type, extra, members, { Prefer: 'wait=15' }));
  }

  assign(device, extra = {}) {
    return this.run('device.assign', { device_id: device.id, activation_code: CODE, ...extra }, { iccid: ICCID });
  }
}

export { until };
