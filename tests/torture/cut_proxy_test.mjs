// A cut that cuts elsewhere would prove nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, beforeEach, test } from 'node:test';

import { CutProxy } from './cut_proxy.mjs';

const LIMIT = { timeout: 10000 };
let carrier;
let proxy;
let heard; // By the carrier, on every connection.
let left; // The end of a connection at the carrier.

before(async () => {
  carrier = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (bytes) => {
      heard += bytes;
      socket.write(`<${bytes}>`);
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => carrier.emit('left'));
  });
  carrier.listen(0, '127.0.0.1');
  await once(carrier, 'listening');
  proxy = await CutProxy.open(`127.0.0.1:${carrier.address().port}`);
});
after(async () => {
  await proxy.close();
  carrier.close();
});
beforeEach(() => {
  heard = '';
  left = once(carrier, 'left');
  proxy.clear();
});

function dial() {
  const socket = net.connect(Number(proxy.address.split(':')[1]), '127.0.0.1');
  const client = { socket, text: '', ended: once(socket, 'end') };
  socket.on('data', (bytes) => { client.text += bytes; });
  client.say = async (words, answer = `<${words}>`) => {
    socket.write(words);
    while (!client.text.endsWith(answer)) await once(socket, 'data');
  };
  return client;
}

for (const at of [0, 1, 4, 5]) {
  test(`a request is cut after ${at} bytes, and nothing comes back`, LIMIT, async () => {
    const cut = proxy.cut({ side: 'request', at });
    const client = dial();
    client.socket.write('hello');
    await Promise.all([client.ended, left]);
    assert.equal(client.text, '');
    assert.equal(cut.isDone, true);
    assert.equal(heard, 'hello'.slice(0, at));
  });

  test(`a reply is cut after ${at} bytes, and the request was whole`, LIMIT, async () => {
    proxy.cut({ side: 'reply', at });
    const client = dial();
    client.socket.write('hello');
    await Promise.all([client.ended, left]);
    assert.equal(client.text, '<hello>'.slice(0, at));
    assert.equal(heard, 'hello');
  });
}

test('counting begins where the test says, on a connection that lives', LIMIT, async () => {
  const cut = proxy.cut({ side: 'request', at: 2, on: /^second/ });
  const client = dial();
  await client.say('first');
  client.socket.write('second');
  await Promise.all([client.ended, left]);
  assert.equal(heard, 'firstse');
  assert.equal(cut.isDone, true);
});

test('a cut is for one connection, and one that measures cuts nothing', LIMIT, async () => {
  const cut = proxy.cut({ at: Infinity });
  const [one, other] = [dial(), dial()];
  await one.say('hello');
  await one.say('again');
  await other.say('untouched');
  assert.equal(cut.isDone, false);
  assert.deepEqual([cut.request, cut.reply], [5, 7]);
  for (const client of [one, other]) client.socket.end();
  await Promise.all([one.ended, other.ended]);
});
