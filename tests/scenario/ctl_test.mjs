// esimctl against a real host: what people and scripts see, and how it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { EID, World, build } from './world.mjs';

let world;
let ctl;

// { code, out, err } of one run. `input` goes to standard input.
function runner(environment) {
  return (args, { input = '', env = {} } = {}) => new Promise((resolve, reject) => {
    const child = spawn(join(build, 'esimctl'), args, { env: { ...environment, ...env } });
    let out = '';
    let err = '';
    child.stdout.on('data', (piece) => { out += piece; });
    child.stderr.on('data', (piece) => { err += piece; });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

before(async () => {
  world = await World.open({ keys: { viewer: ['acme', 'viewer'] } });
  ctl = runner({
    PATH: process.env.PATH,
    HOME: world.dir,
    ESIM_URL: `http://${world.http}`,
    ESIM_TOKEN_FILE: world.path('key'),
  });
});

after(() => world?.close());

const create = (...more) =>
  ['order', 'create', '--plan', 'gold', '--carrier', 'atom', '--profile-type', 'P1', '--eid', EID, ...more];

test('an order is placed, waited for, shown and revealed', async () => {
  const made = await ctl(create('--wait', '20s', '-o', 'json'));
  assert.equal(made.code, 0, made.err);
  const order = JSON.parse(made.out);
  assert.equal(order.state, 'completed');
  const shown = await ctl(['order', 'get', order.id]);
  assert.match(shown.out, /profile\.order/);
  const code = await ctl(['profile', 'code', order.iccid]);
  assert.match(code.out, /^1\$smdp\.[a-z.]+\$/);
  const qr = await ctl(['profile', 'qr', order.iccid, '--as', 'svg', '--out', '-']);
  assert.match(qr.out, /<svg/);
  const drawn = await ctl(['profile', 'qr', order.iccid]);
  assert.ok(drawn.out.includes('▀') || drawn.out.includes('█'));
});

test('every form of output holds the same things', async () => {
  const forms = {};
  for (const form of ['table', 'wide', 'json', 'jsonl', 'yaml', 'csv', 'name']) {
    const { code, out } = await ctl(['adapter', 'list', '-o', form]);
    assert.equal(code, 0);
    assert.match(out, /atom/);
    forms[form] = out;
  }
  assert.equal(JSON.parse(forms.json)[0].name, JSON.parse(forms.jsonl).name);
  assert.equal(forms.name, 'atom\n');
  assert.match(forms.csv, /^name,version,.*\r\natom,/);
  assert.match(forms.yaml, /^- name: atom$/m);
  assert.ok(!forms.table.includes('\u001b'), 'no colour where there is no terminal');
});

test('waiting ends with the state, the time or another end', async () => {
  const held = JSON.parse((await ctl(create('--wait', '20s', '-o', 'json'))).out);
  assert.equal((await ctl(['order', 'wait', held.id, '--for=state=completed', '--timeout', '5s'])).code, 0);
  const otherwise = await ctl(['order', 'wait', held.id, '--for=state=cancelled', '--timeout', '5s']);
  assert.equal(otherwise.code, 8);
  assert.match(otherwise.err, /is completed/);
  assert.equal((await ctl(['order', 'wait', held.id, '--timeout', 'soon'])).code, 2);
});

test('a watch shows each change until the end', async () => {
  const made = JSON.parse((await ctl(create('-o', 'json'))).out);
  const { code, out } = await ctl(['order', 'watch', made.id]);
  assert.equal(code, 0);
  assert.match(out, new RegExp(`^order/${made.id} is `));
});

test('many orders are placed from lines, with a result for each', async () => {
  const body = (eid) => JSON.stringify({
    type: 'profile.provision', plan: 'gold', carrier: 'atom', profile_type: 'P1', device: { eid },
  });
  const input = `${body(EID)}\n${body('123')}\n\n${body(EID)}\n`;
  const first = await ctl(['order', 'create', '-f', '-', '--idempotency-key', 'bulk'], { input });
  const rows = first.out.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rows.map((row) => [row.line, row.exit]), [[1, 0], [2, 5], [3, 0]]);
  assert.equal(first.code, 5);
  assert.match(first.err, /2 of 3 accepted/);
  const again = await ctl(['order', 'create', '-f', '-', '--idempotency-key', 'bulk'], { input });
  const repeated = again.out.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(repeated[0].id, rows[0].id, 'a repeated run continues, it does not order again');
});

test('a refusal says why, where and in which request, and its code says what kind', async () => {
  const wrong = await ctl(['order', 'create', '--eid', '123']);
  assert.equal(wrong.code, 5);
  assert.match(wrong.err, /\/device\/eid: /);
  assert.match(wrong.err, /request id: [0-9a-f-]{36}/);
  assert.equal(wrong.out, '');
  assert.equal((await ctl(['order', 'get', 'nothing'])).code, 3);
  world.write('viewer', `${world.keys.viewer}\n`);
  const denied = await ctl(create(), { env: { ESIM_TOKEN_FILE: world.path('viewer') } });
  assert.equal(denied.code, 4);
  assert.match(denied.err, /order\.create/);
  assert.equal((await ctl(['order', 'list'], { env: { ESIM_URL: 'http://127.0.0.1:1' } })).code, 6);
});

test('a slip of the fingers gets a suggestion', async () => {
  const verb = await ctl(['order', 'lst']);
  assert.equal(verb.code, 2);
  assert.match(verb.err, /did you mean "order list"/);
  assert.match((await ctl(['ordr', 'list'])).err, /did you mean "order"/);
  const flag = await ctl(['order', 'list', '--stat', 'held']);
  assert.equal(flag.code, 2);
  assert.match(flag.err, /--state\?/);
});

test('the audit is listed and holds', async () => {
  const list = await ctl(['audit', 'list', '--action', 'order.create', '--limit', '2', '-o', 'json']);
  assert.equal(JSON.parse(list.out).length, 2);
  const verdict = await ctl(['audit', 'verify', '-o', 'json']);
  assert.equal(verdict.code, 0);
  assert.equal(JSON.parse(verdict.out).ok, true);
});

test('keys are made, listed and revoked', async () => {
  const made = await ctl(['key', 'create', 'billing', '--roles', 'api-client,viewer', '-o', 'json']);
  const { id, key } = JSON.parse(made.out);
  assert.match(key, /^esk_/);
  assert.match(made.err, /not shown again/);
  const list = await ctl(['key', 'list', '-o', 'wide']);
  assert.match(list.out, /billing/);
  assert.ok(!list.out.includes(key));
  assert.equal((await ctl(['key', 'revoke', id])).code, 0);
  assert.equal((await ctl(['key', 'revoke', '00000000-0000-7000-8000-000000000000'])).code, 3);
});

test('health, policy and events are a command each', async () => {
  assert.match((await ctl(['health'])).out, /ready +yes +yes +yes/);
  assert.match((await ctl(['policy', 'get', '-o', 'json'])).out, /rbac\.lua/);
  const events = await ctl(['event', 'list', '--limit', '1', '-o', 'json']);
  assert.equal(JSON.parse(events.out).length, 1);
});

test('a context says where the host is', async () => {
  mkdirSync(join(world.dir, '.config/esim'), { recursive: true });
  const path = join(world.dir, '.config/esim/context.yaml');
  const text = `current: here\ncontexts:\n  - name: here\n    url: http://${world.http}\n`
    + `    token_file: ${world.path('key')}\n  - name: socket\n    socket: ${world.path('api.sock')}\n    tenant: acme\n`;
  writeFileSync(path, text);
  const bare = runner({ PATH: process.env.PATH, HOME: world.dir });
  assert.equal((await bare(['order', 'list', '-o', 'name'])).code, 0);
  const socket = await bare(['order', 'list', '--context', 'socket', '-o', 'name']);
  assert.equal(socket.code, 0, socket.err);
  assert.ok(socket.out.length > 0);
  assert.equal((await bare(['order', 'list', '--context', 'nowhere'])).code, 2);
  writeFileSync(path, 'contexts: &a []\nother: *a\n');
  assert.equal((await bare(['order', 'list'])).code, 2);
});

test('help, exit codes and completion come from the same table', async () => {
  assert.match((await ctl(['help'])).out, /order +create/);
  assert.match((await ctl(['order', 'create', '--help'])).out, /--idempotency-key/);
  const codes = (await ctl(['help', 'exit-codes'])).out;
  for (let code = 0; code <= 9; code += 1) assert.match(codes, new RegExp(`^ +${code}  `, 'm'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await ctl(['completion', shell]);
    assert.equal(code, 0);
    assert.match(out, /create/);
  }
  assert.equal((await ctl(['completion', 'tcsh'])).code, 2);
});

test('no secret is taken from a flag', async () => {
  const commands = (await ctl(['help'])).out.match(/^ {2}[a-z]+ +[a-z]+ /gm)
    .map((line) => line.trim().split(/ +/));
  assert.ok(commands.length > 20);
  for (const words of commands.slice(3)) {
    const { out } = await ctl([...words, '--help']);
    const flags = out.match(/--[a-z-]+/g) ?? [];
    for (const flag of flags.filter((each) => /token|secret|password|code/.test(each))) {
      assert.match(flag, /-file$/, `${words.join(' ')} ${flag}`);
    }
  }
});
