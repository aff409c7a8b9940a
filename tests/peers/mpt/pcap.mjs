// The bytes of one TCP connection as a capture file: made, not captured, so it needs no
// privileges. Raw IPv4 packets; the host is 10.0.0.1, the carrier 10.0.0.2:2775.

const LINKTYPE_RAW = 101;

function packet(fromHost, sequence, acknowledged, payload) {
  const bytes = Buffer.alloc(40 + payload.length);
  bytes[0] = 0x45;
  bytes.writeUInt16BE(bytes.length, 2);
  bytes[8] = 64;
  bytes[9] = 6; // TCP
  bytes.set([10, 0, 0, fromHost ? 1 : 2], 12);
  bytes.set([10, 0, 0, fromHost ? 2 : 1], 16);
  bytes.writeUInt16BE(fromHost ? 40000 : 2775, 20);
  bytes.writeUInt16BE(fromHost ? 2775 : 40000, 22);
  bytes.writeUInt32BE(sequence, 24);
  bytes.writeUInt32BE(acknowledged, 28);
  bytes[32] = 0x50;
  bytes[33] = 0x18; // PSH, ACK
  bytes.writeUInt16BE(65535, 34);
  payload.copy(bytes, 40);
  return bytes;
}

// One packet a PDU, in the order in which they were whole: tshark's SMPP wants a packet to
// begin with a header.
function pdusOf(wire) {
  const pdus = [];
  const rest = { true: Buffer.alloc(0), false: Buffer.alloc(0) };
  wire.forEach(({ fromHost, bytes }) => {
    let all = Buffer.concat([rest[fromHost], bytes]);
    while (all.length >= 4 && all.length >= all.readUInt32BE(0)) {
      pdus.push({ fromHost, bytes: all.subarray(0, all.readUInt32BE(0)) });
      all = all.subarray(all.readUInt32BE(0));
    }
    rest[fromHost] = all;
  });
  [true, false].filter((fromHost) => rest[fromHost].length > 0)
    .forEach((fromHost) => pdus.push({ fromHost, bytes: rest[fromHost] }));
  return pdus;
}

// wire: [{ fromHost, bytes }]
export function pcapOf(wire) {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65535, 16);
  head.writeUInt32LE(LINKTYPE_RAW, 20);
  const pieces = [head];
  const next = { true: 1, false: 1 };
  pdusOf(wire).forEach(({ fromHost, bytes }) => {
    const whole = packet(fromHost, next[fromHost], next[!fromHost], bytes);
    next[fromHost] += bytes.length;
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1767323045 + pieces.length, 0);
    record.writeUInt32LE(whole.length, 8);
    record.writeUInt32LE(whole.length, 12);
    pieces.push(record, whole);
  });
  return Buffer.concat(pieces);
}
