// The document's own examples, read and written again by the code that knows the document
// alone; and the proofs in it.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { codes, examples, frames, operations, reasons, tags } from './document.mjs';
import { Fault, crc32c, decode, encode, frameLength, readFrame, writeFrame } from './wire.mjs';

test('the checksum is CRC-32C', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xE3069283);
});

test('the tables can be read', () => {
  assert.equal(Object.keys(tags).length, 55);
  assert.equal(operations.size, 11);
  assert.equal(Object.keys(frames).length, 12);
  assert.equal(Object.keys(codes).length, 32);
  assert.equal(Object.keys(reasons).length, 13);
});

test('every example is one whole frame that is written the same again', () => {
  assert.equal(examples.length, 16);
  examples.forEach((bytes, index) => {
    assert.equal(frameLength(bytes), bytes.length);
    const frame = readFrame(bytes);
    if (index + 1 === 13) {
      assert.throws(() => decode(frame.body), (error) => error instanceof Fault && error.fault === 'UNKNOWN_CRITICAL');
      return;
    }
    assert.deepEqual(writeFrame({ ...frame, body: encode(decode(frame.body)) }), bytes);
  });
});

test('the proofs are what section 4 says', () => {
  const [hello, challenge, login, welcome] = examples.map((bytes) => decodeSafely(readFrame(bytes).body));
  const rest = Buffer.concat([
    Buffer.from([0, hello.PROTOCOL_LEAST, hello.PROTOCOL_MOST, challenge.PROTOCOL]),
    hello.NONCE, challenge.NONCE, Buffer.from(hello.CLIENT_ID),
  ]);
  const proof = (label) => createHmac('sha256', 'mytel example secret 0001').update(label).update(rest).digest();
  assert.deepEqual(login.PROOF, proof('mytel-login-1'));
  assert.deepEqual(welcome.PROOF, proof('mytel-welcome-1'));
});

function decodeSafely(body) {
  try {
    return decode(body);
  } catch {
    return {};
  }
}

test('an example cut anywhere, or with one bit turned, is none', () => {
  for (const bytes of examples) {
    for (let size = 8; size < bytes.length; size += 1) {
      assert.ok(frameLength(bytes.subarray(0, size)) > size);
    }
    for (let bit = 64; bit < bytes.length * 8; bit += 1) {
      const spoilt = Buffer.from(bytes);
      spoilt[bit >> 3] ^= 1 << (bit & 7);
      assert.throws(() => readFrame(spoilt), Fault);
    }
  }
});
