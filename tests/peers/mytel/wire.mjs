// Frames and values of PROTOCOL.md 2 and 3.

import { tags, tagsByNumber } from './document.mjs';

export const LEAST = 20;
export const MOST = 65536;
const DEPTH_MOST = 4;
const CRITICAL = 0x8000;

const table = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82F63B78 : value >>> 1;
  return value >>> 0;
});

export function crc32c(bytes) {
  let value = 0xFFFFFFFF;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 0xFF];
  return (value ^ 0xFFFFFFFF) >>> 0;
}

// A fault in what the other side sent; `fault` is a close reason or a code by name.
export class Fault extends Error {
  constructor(fault, message) {
    super(message);
    this.fault = fault;
  }
}

// ---- values: { NAME: number | bigint | text | Buffer | object, or a list of these } ----

function encodeOne(row, value) {
  if (row.kind === 'text') return Buffer.from(value, 'utf8');
  if (row.kind === 'bytes') return value;
  if (row.kind === 'container') return encode(value);
  const bytes = Buffer.alloc(row.most);
  if (row.most === 8) bytes.writeBigUInt64BE(BigInt(value));
  else bytes.writeUIntBE(value, 0, row.most);
  return bytes;
}

function withHead(tag, bytes) {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(tag, 0);
  head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

// Values in the order of the object's members; undefined ones are left out. A member
// called "0x8299" is that tag, with raw bytes.
export function encode(values) {
  return Buffer.concat(Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (/^0x/.test(name)) return [withHead(Number(name), value)];
    const row = tags[name];
    const all = row.list ? value : [value];
    return all.map((each) => withHead(row.tag, encodeOne(row, each)));
  }));
}

const STATES = { PROFILE_STATE: [1, 9], FINAL_STATE: [1, 9], LINE_STATE: [1, 4], RELEASE: [0, 1] };

function decodeText(row, bytes) {
  const value = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let read;
  try {
    read = value.decode(bytes);
  } catch {
    throw new Fault('BAD_VALUE', `${row.name} is not UTF-8`);
  }
  // eslint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(read)) throw new Fault('BAD_VALUE', `${row.name} has a control character`);
  if (row.digits && !/^\d+$/.test(read)) throw new Fault('BAD_VALUE', `${row.name} is not digits`);
  return read;
}

function decodeNumber(row, bytes) {
  if (bytes.length === 8) return Number(bytes.readBigUInt64BE());
  const value = bytes.readUIntBE(0, bytes.length);
  const [least, most] = STATES[row.name] ?? [0, Infinity];
  if (value < least || value > most) throw new Fault('BAD_VALUE', `${row.name} is ${value}`);
  return value;
}

function decodeOne(row, bytes, depth) {
  if (bytes.length < row.least || bytes.length > row.most) {
    throw new Fault('MALFORMED', `${row.name} has ${bytes.length} bytes`);
  }
  if (row.kind === 'container') return decode(bytes, depth + 1);
  if (row.kind === 'text') return decodeText(row, bytes);
  return row.kind === 'bytes' ? Buffer.from(bytes) : decodeNumber(row, bytes);
}

// The values as an object; `unknown` collects tags that the document does not name.
export function decode(bytes, depth = 0, unknown = []) {
  if (depth > DEPTH_MOST) throw new Fault('MALFORMED', 'too deep');
  const values = {};
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4) throw new Fault('MALFORMED', 'bytes left over');
    const tag = bytes.readUInt16BE(at);
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) throw new Fault('MALFORMED', 'a value reaches past its list');
    const row = tagsByNumber.get(tag & ~CRITICAL);
    if (!row && tag & CRITICAL) throw new Fault('UNKNOWN_CRITICAL', `tag 0x${tag.toString(16)}`);
    if (!row) {
      unknown.push(tag);
    } else {
      const value = decodeOne(row, bytes.subarray(at + 4, end), depth);
      if (row.list) (values[row.name] ??= []).push(value);
      else if (row.name in values) throw new Fault('MALFORMED', `${row.name} twice`);
      else values[row.name] = value;
    }
    at = end;
  }
  return values;
}

// ---- frames ----

export function writeFrame({ version = 1, type, sequence, answers = 0, body = Buffer.alloc(0) }) {
  const bytes = Buffer.alloc(LEAST + body.length);
  bytes.writeUInt16BE(0x4D59, 0);
  bytes.writeUInt8(version, 2);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt32BE(bytes.length, 4);
  bytes.writeUInt32BE(sequence, 8);
  bytes.writeUInt32BE(answers, 12);
  body.copy(bytes, 16);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

// How long the first frame is; 0 when that cannot be told yet.
export function frameLength(bytes) {
  if (bytes.length < 8) return 0;
  const length = bytes.readUInt32BE(4);
  if (bytes.readUInt16BE(0) !== 0x4D59 || length < LEAST || length > MOST) {
    throw new Fault('BAD_LENGTH', 'no frame begins here');
  }
  return length;
}

export function readFrame(bytes) {
  if (crc32c(bytes.subarray(0, -4)) !== bytes.readUInt32BE(bytes.length - 4)) {
    throw new Fault('BAD_CHECKSUM', 'wrong checksum');
  }
  return {
    version: bytes[2],
    type: bytes[3],
    sequence: bytes.readUInt32BE(8),
    answers: bytes.readUInt32BE(12),
    body: bytes.subarray(16, -4),
  };
}
