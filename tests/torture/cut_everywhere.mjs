// One kind of exchange, cut after every byte of the request and after every byte of the
// reply: an order for each cut, several at a time.

import assert from 'node:assert/strict';

const SAMPLE = 6;
const AT_ONCE = 8;

export const isLong = process.env.TORTURE === 'long';
export const LIMIT = { timeout: isLong ? 1800000 : 120000 };

// A cut is seen at once; on a busy machine a reply that is only late must not look like one.
export const PATIENT = { timeout_ms: 30000 };

// 0 ... size; or as many as a short run has time for, with both ends.
function pointsOf(size, sample) {
  const most = isLong ? Infinity : sample;
  if (size < most) return Array.from({ length: size + 1 }, (_, at) => at);
  return Array.from({ length: most }, (_, i) => Math.round((i * size) / (most - 1)));
}

async function inParallel(items, width, work) {
  const left = [...items];
  const worker = async () => {
    while (left.length > 0) await work(left.shift());
  };
  await Promise.all(Array.from({ length: width }, worker));
}

// proxy     a CutProxy that all exchanges pass
// on        chooses the request (cut_proxy.mjs)
// order()   places an order, follows it to its end, and gives what judge wants
// judge(ended)  throws when that must not be
// atOnce    orders at the same time; any of them may meet any of the cuts
// sample    cuts of request and of reply in a short run
// Gives { points, cuts, states }: how many were wanted, how many came to be (a message may
// be shorter than the one that was measured), and the orders' ends.
export async function cutEverywhere(proxy, {
  on, order, judge, atOnce = AT_ONCE, sample = SAMPLE,
}) {
  const measured = proxy.cut({ at: Infinity, on });
  await judge(await order());
  assert.ok(measured.request > 0 && measured.reply > 0, 'nothing was measured');
  const states = {};
  const cuts = [];
  const points = ['request', 'reply'].flatMap((side) =>
    pointsOf(measured[side], sample).map((at) => ({ side, at })));
  await inParallel(points, atOnce, async (point) => {
    cuts.push(proxy.cut({ ...point, on, exchange: true })); // Perhaps another order's, of those at the same time.
    const ended = await order();
    states[ended.state] = (states[ended.state] ?? 0) + 1;
    try {
      await judge(ended);
    } catch (error) {
      error.message = `${point.side} cut after ${point.at} bytes: ${error.message}`;
      throw error;
    }
  });
  proxy.clear(cuts);
  assert.ok(cuts.some(({ isDone }) => isDone), 'nothing was cut');
  return { states, points: points.length, cuts: cuts.filter(({ isDone }) => isDone).length };
}
