// The API's document, judged by software that nobody here wrote.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';

import { World } from '../../scenario/world.mjs';

let world;
let api;
let ajv;
const samples = {};

before(async () => {
  world = await World.open({ keys: { root: ['default', 'superadmin'] } });
  api = await world.get('/openapi.json', null);
  ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addSchema(api, 'api');
  const order = await world.placeOrder({}, { headers: { Prefer: 'wait=20' } });
  assert.equal(order.status, 200);
  assert.equal(order.json.state, 'completed');
  const made = await world.ask('POST', '/v1/keys', { body: { subject: 'judge', roles: ['viewer'] } });
  Object.assign(samples, {
    '/v1/orders/{id}': order.json.id,
    '/v1/profiles/{iccid}': order.json.iccid,
    '/v1/adapters/{name}': 'atom',
    '/health/adapters/{name}': 'atom',
    '/v1/policies/{name}': 'policy',
    '/v1/devices/{device_id}': 'nobody',
    '/v1/lines/{id}': 'nobody',
    '/v1/keys/{id}': made.json.id,
    '/problems/{code}': 'conflict',
    '/callbacks/{adapter}': 'atom',
  });
});

after(() => world?.close());

// "/v1/orders/{id}/cancel" with its name filled in.
function sampleOf(path) {
  const known = Object.keys(samples).find((each) => path.startsWith(each));
  return known ? path.replace(known, known.replace(/\{.*\}/, samples[known])) : path;
}

const operations = () => Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

// A reply has the shape that the document gives to its operation and status.
function judge({ path, method, operation }, reply) {
  const where = `${method} ${path} ${reply.status}`;
  const documented = operation.responses[reply.status];
  assert.ok(documented, `${where} is not documented`);
  const [type] = (reply.headers.get('content-type') ?? '').split(';');
  if (!documented.content) return;
  const media = documented.content[type] ?? documented.content['*/*'];
  if (!media?.schema) return;
  const { $ref } = media.schema;
  const fits = ajv.compile({ $ref: `api${$ref}` });
  assert.ok(fits(reply.json), `${where}: ${ajv.errorsText(fits.errors)}\n${reply.bytes}`);
}

test('the document is OpenAPI 3.1', async () => {
  const verdict = await new Validator().validate(structuredClone(api));
  assert.deepEqual(verdict.errors ?? [], []);
  assert.equal(verdict.valid, true);
  assert.equal(api.openapi, '3.1.0');
});

test('every operation names its permission, its replies and itself once', () => {
  const names = operations().map(({ operation }) => operation.operationId);
  assert.equal(new Set(names).size, names.length);
  for (const { operation } of operations()) {
    assert.ok(operation['x-permission']);
    assert.ok(Object.keys(operation.responses).length > 0);
  }
});

test('what is read has the shape that is promised', async () => {
  for (const each of operations().filter(({ method }) => method === 'get')) {
    const path = sampleOf(each.path);
    judge(each, await world.ask('GET', path));
    judge(each, await world.ask('GET', path, { as: null }));
  }
});

test('the judge sees a reply that lacks a member', async () => {
  const each = operations().find(({ operation }) => operation.operationId === 'order.show');
  const reply = await world.ask('GET', sampleOf(each.path));
  delete reply.json.state;
  assert.throws(() => judge(each, reply), /state/);
  assert.throws(() => judge(each, { ...reply, status: 418 }), /not documented/);
});

test('what is refused has the shape of a problem', async () => {
  for (const each of operations().filter(({ path }) => path.startsWith('/v1/'))) {
    const reply = await world.ask(each.method.toUpperCase(), sampleOf(each.path), { as: null });
    assert.equal(reply.status, 401);
    judge(each, reply);
  }
});

test('what is changed answers in the promised shape', async () => {
  const find = (id) => operations().find(({ operation }) => operation.operationId === id);
  judge(find('order.create'), await world.placeOrder());
  judge(find('order.create'), await world.placeOrder({ carrier: 'nemo' }));
  judge(find('order.cancel'), await world.ask('POST', sampleOf('/v1/orders/{id}/cancel')));
  judge(find('order.resolve'), await world.ask('POST', sampleOf('/v1/orders/{id}/resolve'), {
    body: { resolution: 'done' },
  }));
  judge(find('adapter.reload'), await world.ask('POST', '/v1/adapters/atom/reload'));
  judge(find('policy.reload'), await world.ask('POST', '/v1/policies/policy/reload'));
  const tenant = { body: { tenant: 'judged' }, as: 'root' };
  judge(find('tenant.create'), await world.ask('POST', '/v1/tenants', tenant));
  judge(find('tenant.create'), await world.ask('POST', '/v1/tenants', tenant));
  judge(find('key.revoke'), await world.ask('DELETE', sampleOf('/v1/keys/{id}')));
});

// A number between 0 and 1, the same sequence in every run.
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const ODD = [null, true, 0, -1, 1e308, '', ' ', 'x'.repeat(5000), '\u0000',
  [], [[]], {}, { a: { b: {} } }, '../../etc/passwd', '89049032123451234512345678901234', '"', "'; --"];

function spoil(value, next) {
  const copy = structuredClone(value);
  const names = Object.keys(copy);
  const name = names[Math.floor(next() * names.length)];
  const odd = ODD[Math.floor(next() * ODD.length)];
  if (next() < 0.2) copy[`${name}~/x`] = odd;
  else if (next() < 0.3 && typeof copy[name] === 'object') copy[name] = spoil(copy[name], next);
  else copy[name] = odd;
  return copy;
}

// Every refusal says where, and no body is the host's fault.
test('no wrong body ends in a 5xx, and each fault points at a member', async () => {
  const next = numbers(20260101);
  const good = {
    type: 'profile.provision', plan: 'gold', carrier: 'atom', profile_type: 'P1', extra: { a: 1 },
    device: { eid: '89049032123451234512345678901235', imei: '490154203237518' },
    msisdn: '+959790000001', external_id: 'e',
  };
  const find = operations().find(({ operation }) => operation.operationId === 'order.create');
  for (let i = 0; i < 300; i += 1) {
    const body = spoil(good, next);
    const reply = await world.ask('POST', '/v1/orders', {
      headers: { 'Idempotency-Key': `spoilt-${i}` }, body,
    });
    assert.ok([202, 400, 422].includes(reply.status), `${reply.status} for ${JSON.stringify(body)}`);
    judge(find, reply);
    if (reply.json.code !== 'invalid') continue;
    assert.ok(reply.json.errors.length > 0);
    for (const { pointer, detail } of reply.json.errors) {
      assert.match(pointer, /^(\/([^~/]|~[01])*)+$/);
      assert.ok(detail.length > 0);
    }
  }
});
