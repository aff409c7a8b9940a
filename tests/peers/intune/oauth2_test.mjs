// The host's tokens, from an oidc-provider: both proofs, renewal, a token that is revoked,
// credentials that are wrong, and a token endpoint that is away.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { LIMIT, PATH, Rig, until } from './rig.mjs';

const open = [];
async function rigWith(options) {
  const rig = await Rig.open(options);
  open.push(rig);
  rig.device = rig.graph.addDevice({});
  rig.ask = () => rig.run('device.compliance', { device_id: rig.device.id });
  return rig;
}
after(() => Promise.all(open.map((rig) => rig.close())));

test('a certificate proves the client, by an assertion that names it', LIMIT, async () => {
  const rig = await rigWith({ proof: 'certificate' });
  const order = await rig.ask();
  assert.equal(order.state, 'completed', JSON.stringify(order));
  const [request] = rig.login.requests;
  assert.equal(request.path, PATH);
  assert.deepEqual(request.header, { alg: 'PS256', typ: 'JWT', 'x5t#S256': rig.login.thumbprint() });
  assert.ok(!request.body.includes('client_secret'));
});

test('a token is renewed before its end, and many orders share one', LIMIT, async () => {
  const rig = await rigWith({ lifeS: 5 });
  await Promise.all(Array.from({ length: 8 }, () => rig.ask()));
  assert.equal(rig.login.requests.length, 1);
  await until('a second token', async () => {
    assert.equal((await rig.ask()).state, 'completed');
    return rig.login.requests.length >= 2;
  });
  assert.ok(rig.graph.calls.every((c) => c.status !== 401));
});

test('a revoked token is dropped once and the exchange sent again', LIMIT, async () => {
  const rig = await rigWith({});
  await rig.ask();
  const { token } = rig.graph.calls.at(-1);
  rig.login.revoked.add(token);
  const order = await rig.ask();
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(rig.login.requests.length, 2);
  assert.equal(rig.graph.count('token', 401), 1);
  // Tokens that are refused however new they are end in a refusal, not in a storm.
  rig.graph.isTokenGood = async () => false;
  const refused = await rig.ask();
  assert.equal(refused.state, 'failed');
  assert.equal(refused.problem.code, 'unauthorised');
  assert.ok(rig.login.requests.length <= 3);
});

test('a wrong secret ends as unauthorised, and is not tried over and over', LIMIT, async () => {
  const rig = await rigWith({ secret: 'wrong' });
  const orders = await Promise.all(Array.from({ length: 5 }, () => rig.ask()));
  for (const order of orders) {
    assert.equal(order.state, 'failed');
    assert.equal(order.problem.code, 'unauthorised');
    assert.equal(order.problem.carrier_code, 'invalid_client');
    assert.match(order.problem.message, /secret or certificate/);
  }
  assert.equal(rig.login.requests.length, 1);
  assert.equal(rig.graph.calls.length, 0);
  const { items } = await rig.world.get('/v1/adapters');
  const { health } = items.find(({ name }) => name === 'intune');
  assert.equal(health.healthy, false);
});

test('a token endpoint that is away is waited for', LIMIT, async () => {
  const rig = await rigWith({});
  rig.login.fault({ status: 503, headers: { 'Retry-After': '1' }, times: 2 });
  const order = await rig.ask();
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(rig.login.requests.length, 3);
  assert.equal(rig.graph.count('batchV1'), 1);
});

test('what is followed for hours goes on after the host was killed', LIMIT, async () => {
  const rig = await rigWith({ settings: { poll_s: 2, poll_most_s: 2 } });
  rig.graph.states = ['installing', 'installing', 'installed'];
  const id = await rig.place('device.assign', {
    device_id: rig.device.id, activation_code: '1$smdp.example.com$AB',
  }, { iccid: '8995060000000000018' });
  await until('a first look', () => rig.graph.count('listStates') > 0);
  await rig.world.end('SIGKILL');
  await rig.world.start();
  const order = await rig.ended(id);
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(rig.graph.count('createPool'), 1);
  assert.equal(rig.graph.count('assignPool'), 1);
});
