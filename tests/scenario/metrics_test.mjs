// /metrics, judged by Prometheus' own tool.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { World } from './world.mjs';

let world;

before(async () => {
  world = await World.open();
  await world.placeOrder({}, { headers: { Prefer: 'wait=10' } });
  await world.get('/v1/orders/nothing');
});

after(() => world?.close());

test('promtool finds nothing to say about the metrics', async () => {
  const { bytes, headers } = await world.ask('GET', '/metrics');
  assert.match(headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: bytes });
  assert.equal(status, 0, `${stdout}${stderr}`);
});

test('requests are counted by route and class, never by a client\'s words', async () => {
  const text = (await world.ask('GET', '/metrics')).bytes.toString('utf8');
  assert.match(text, /^esimd_http_requests_total\{route="order\.create",status="2xx"\} 1$/m);
  assert.match(text, /^esimd_http_requests_total\{route="order\.show",status="4xx"\} 1$/m);
  assert.match(text, /^esimd_http_request_duration_seconds_count\{route="order\.create"\} 1$/m);
  assert.ok(!text.includes('nothing'));
});
