// One kind of exchange, cut after every byte of the request and after every byte of the
// reply: an order for each cut, several at a time.

import assert from 'node:assert/strict';

const SAMPLE = 6;
const AT_ONCE = 8;

export const isLong = process.env.TORTURE === 'long';
export const LIMIT = { timeout: isLong ? 1800000 : 120000 };

// 0 ... size; or as many as a short run has time for, with both ends.
export function pointsOf(size, most = isLong ? Infinity : SAMPLE) {
  if (size < most) return Array.from({ length: size + 1 }, (_, at) => at);
  return Array.from({ length: most }, (_, i) => Math.round((i * size) / (most - 1)));
}

async function inParallel(items, work) {
  const left = [...items.entries()];
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

// proxy     a CutProxy that all exchanges pass
// on        chooses the request (cut_proxy.mjs)
// order()   places an order, follows it to its end, and gives what judge wants
// judge(ended)  throws when that must not be
// Gives { points, cuts, states }: how many were wanted, how many came to be (a message may
// be shorter than the one that was measured), and the orders' ends.
export async function cutEverywhere(proxy, { on, order, judge }) {
  const measured = proxy.cut({ at: Infinity, on });
  await judge(await order());
  assert.ok(measured.request > 0 && measured.reply > 0, 'nothing was measured');
  const states = {};
  const cuts = [];
  const points = ['request', 'reply'].flatMap((side) =>
    pointsOf(measured[side]).map((at) => ({ side, at, on })));
  await inParallel(points, async (point) => {
    cuts.push(proxy.cut(point)); // Perhaps another order's, of those at the same time.
    const ended = await order();
    states[ended.state] = (states[ended.state] ?? 0) + 1;
    try {
      await judge(ended);
    } catch (error) {
      error.message = `${point.side} cut after ${point.at} bytes: ${error.message}`;
      throw error;
    }
  });
  proxy.clear();
  assert.ok(cuts.some(({ isDone }) => isDone), 'nothing was cut');
  return { states, points: points.length, cuts: cuts.filter(({ isDone }) => isDone).length };
}
